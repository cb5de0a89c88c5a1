"""Reads the fake API with tweepy, to its end: what the reference client reads is true."""

import re
import sys

import requests
import tweepy

port, token, last = sys.argv[1], sys.argv[2], sys.argv[3]
real = requests.Session.request


def redirected(self, method, url, **more):
    return real(self, method, re.sub(r"https://api\.[a-z]+\.com", f"http://127.0.0.1:{port}", url), **more)


requests.Session.request = redirected

client = tweepy.Client(bearer_token=token)
pages = tweepy.Paginator(client.search_recent_tweets, "acme", max_results=10, tweet_fields=["created_at"])
found = [post.id for post in pages.flatten()]
assert len(found) == len(set(found)) == 25, found
answer = client.get_tweets([last, "7"], expansions=["author_id"])
assert [str(post.id) for post in answer.data] == [last]
assert answer.includes["users"][0].username == "ada_x"
assert answer.errors[0]["resource_id"] == "7"


class Stream(tweepy.StreamingClient):
    heard = []

    def on_tweet(self, tweet):
        self.heard.append(tweet.text)

    def on_errors(self, errors):
        self.heard.append(errors[0]["title"])
        self.disconnect()


stream = Stream(token)
stream.add_rules(tweepy.StreamRule("acme", tag="by hand"))
rules = stream.get_rules().data
assert [(rule.value, rule.tag) for rule in rules] == [("acme", "by hand")], rules
stream.delete_rules([rule.id for rule in rules])
assert not stream.get_rules().data
stream.filter()
print("; ".join(stream.heard))
