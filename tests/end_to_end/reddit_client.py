"""Reads the fakes of Reddit with PRAW, its reference client. What it reads to the end is true.

Usage: reddit_client.py SITE; prints for each preset how many things were read.
"""

import sys

import praw

reddit = praw.Reddit(
    client_id="c", client_secret="sesame", user_agent="resonanz test", check_for_updates=False,
    reddit_url=sys.argv[1], oauth_url=sys.argv[1],
)
LISTS = {
    "reddit-search": reddit.subreddit("all").search("acme", sort="new", limit=None),
    "reddit-posts": reddit.subreddit("x").new(limit=None),
    "reddit-comments": reddit.subreddit("x").comments(limit=None),
}
for preset, things in LISTS.items():
    read = {thing.fullname: thing for thing in things}
    for thing in read.values():
        assert thing.author == "ann", thing.author
        assert thing.created_utc > 0 and thing.permalink.startswith("/r/x/"), vars(thing)
        assert "acme" in (thing.body if preset == "reddit-comments" else thing.title), vars(thing)
    print(preset, len(read))
