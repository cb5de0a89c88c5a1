#!/bin/sh
# Fits the shipped model, resonanz-model.tsv, from the four files of the vaderSentiment package,
# MAMS, NewsMTSC and PotTS, whose licences allow it; EVAL is the folder that holds them as JSON
# lines (`vader/tweets.jsonl`, `en/mams_train.jsonl`, ...). The same files give the same bytes.
#
#     EVAL=/path/to/data RESONANZ="cargo run --release --" sh models/train.sh
set -eu
english=$(mktemp)
trap 'rm -f "$english"' EXIT
# English first: words pay there. `*` says how much a file counts, in all its rows together.
$RESONANZ fit --out "$english" --from nothing --lang en --words yes --word-penalties 3e-3 \
    --word-posts-min 25 --word-weight-min 0.03 --balance 0.5 --folds 5 \
    "$EVAL/vader/tweets.jsonl*1" "$EVAL/vader/amazonReviewSnippets.jsonl*1" \
    "$EVAL/vader/nytEditorialSnippets.jsonl*0.7" "$EVAL/vader/movieReviewSnippets.jsonl*0.5" \
    "$EVAL/en/mams_train.jsonl*1" "$EVAL/en/newsmtsc_train.jsonl*1"
# German: features alone, for words learned on these posts do not carry over to others.
$RESONANZ fit --out "$(dirname "$0")/resonanz-model.tsv" --from "$english" --lang de --words no \
    --balance 0.5 --folds 5 "$EVAL/de/potts_train.jsonl*1"
