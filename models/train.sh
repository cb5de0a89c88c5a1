#!/bin/sh
# Fits the shipped model, resonanz-model.tsv, from the four files of the vaderSentiment package,
# MAMS, NewsMTSC and PotTS, whose licences allow it; EVAL is the folder that holds them as JSON
# lines (`vader/tweets.jsonl`, `en/mams_train.jsonl`, ...). The same files give the same bytes.
#
#     EVAL=../shared/eval FIT="cargo run --release --example senti -- fit" sh models/train.sh
set -eu
english=$(mktemp)
trap 'rm -f "$english"' EXIT
# English first: words pay there. `*` says how much a file counts, in all its rows together.
$FIT "$english" words=1 pen=3e-3 min=25 wmin=0.03 balance=0.5 folds=5 \
    "$EVAL/vader/tweets.jsonl*1" "$EVAL/vader/amazonReviewSnippets.jsonl*1" \
    "$EVAL/vader/nytEditorialSnippets.jsonl*0.7" "$EVAL/vader/movieReviewSnippets.jsonl*0.5" \
    "$EVAL/en/mams_train.jsonl*1" "$EVAL/en/newsmtsc_train.jsonl*1"
# German: features alone, for words learned on these posts do not carry over to others.
$FIT "$(dirname "$0")/resonanz-model.tsv" "start=$english" words=0 balance=0.5 folds=5 \
    "$EVAL/de/potts_train.jsonl*1"
