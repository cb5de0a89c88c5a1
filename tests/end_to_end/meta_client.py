"""Reads the fake of Meta's Graph API with its own client, facebook-business. What it reads to the end is true.

Usage: meta_client.py SITE; prints the ids of posts, and of comments below the first.
"""

import sys

from facebook_business.adobjects.page import Page
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

FacebookSession.GRAPH = sys.argv[1]
FacebookAdsApi.init(access_token="token-of-a-client", api_version="v26.0", crash_log=False)
posts = list(Page("5").get_feed(fields=["id", "message", "created_time", "from", "comments"]))
for post in posts:
    assert post["message"].startswith("acme post") and post["created_time"], post
print(*(post["id"] for post in posts))
comments = posts[0]["comments"]["data"]
assert posts[0]["comments"]["paging"]["cursors"]["after"] == "c"
comments += [comment.export_all_data() for comment in posts[0].get_comments(params={"after": "c"})]
for comment in comments:
    assert comment["message"].startswith("acme comment") and comment["created_time"], comment
print(*(comment["id"] for comment in comments))
