#!/bin/sh
# Fits the shipped model, resonanz-model.tsv, from our own posts (posts/), the four files of the
# vaderSentiment package, MAMS, NewsMTSC and PotTS, whose licences allow it; EVAL is the folder that
# holds the latter as JSON lines (`vader/tweets.jsonl`, `en/mams_train.jsonl`, ...). The same files
# give the same bytes.
#
#     EVAL=/path/to/data RESONANZ="cargo run --release --" sh models/train.sh [VIEW...]
#
# With views, such as "en target", fits these alone, and keeps the others as they are in the model.
set -eu
here=$(dirname "$0")
drafts=$(mktemp -d)
trap 'rm -rf "$drafts"' EXIT
own_en="$here/posts/en.jsonl*2" more_own_en="$here/posts/en.jsonl*3" own_de="$here/posts/de.jsonl*2" potts="$EVAL/de/potts_train.jsonl*1"
reviews="$EVAL/vader/tweets.jsonl*1 $EVAL/vader/amazonReviewSnippets.jsonl*1
    $EVAL/vader/nytEditorialSnippets.jsonl*0.7 $EVAL/vader/movieReviewSnippets.jsonl*0.5"
few_reviews="$EVAL/vader/tweets.jsonl*0.1 $EVAL/vader/amazonReviewSnippets.jsonl*0.1
    $EVAL/vader/nytEditorialSnippets.jsonl*0.1 $EVAL/vader/movieReviewSnippets.jsonl*0.1"
targets="$EVAL/en/mams_train.jsonl*1 $EVAL/en/newsmtsc_train.jsonl*1"
more_targets="$EVAL/en/mams_train.jsonl*3 $EVAL/en/newsmtsc_train.jsonl*3"

# One view after the other, each from the one before. Features are fitted to the posts of both
# languages, words to those of the view's own. `*` says how much a file counts, in all its rows
# together. The priors make up for shares of neutral posts that these files have and streams do not:
# chosen on sets that nothing was fitted to, README.md has the measurements.
wanted=$(printf '%s\n' "$@")
echo "resonanz-model 1" >"$drafts/model.tsv"
if [ $# -gt 0 ]; then cp "$here/resonanz-model.tsv" "$drafts/model.tsv"; fi
fit() {
    view=$1 prior=$2 penalty=$3 posts_min=$4
    shift 4
    if [ -n "$wanted" ] && ! echo "$wanted" | grep -qx "$view"; then return; fi
    awk -v begin="view\t$view" '/^view\t/ { old = $0 == begin } !old' "$drafts/model.tsv" >"$drafts/rest.tsv"
    # shellcheck disable=SC2086 # lists of files
    $RESONANZ fit --out "$drafts/next.tsv" --from "$drafts/rest.tsv" --lang "${view% *}" --view "$view" --pool --by-file \
        --words yes --word-penalties "$penalty" --word-posts-min "$posts_min" --word-weight-min 0.03 \
        --balance 0.5 --prior "$prior" $*
    mv "$drafts/next.tsv" "$drafts/model.tsv"
}
fit "en document" 0.6,0.5,0 3e-3 25 "$reviews" "$targets" "$own_en" "$own_de" "$potts"
fit "en target" 0.3,0.3,0 3e-3 15 "$few_reviews" "$more_targets" "$more_own_en"
fit "de document" 0.4,0.6,0 3e-3 8 "$own_de" "$potts" "$reviews" "$targets" "$own_en"
fit "de target" 0.3,0.3,0 3e-3 8 "$own_de" "$potts" "$few_reviews" "$targets" "$own_en"
mv "$drafts/model.tsv" "$here/resonanz-model.tsv"
