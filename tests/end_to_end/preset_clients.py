"""Reads the fakes of YouTube and Google Play with Google's own client, against its schemas. What they read to the end is true.

Usage: preset_clients.py SITE; prints for each preset how many posts were read.
"""

import sys

from googleapiclient.discovery import build
from googleapiclient.http import HttpRequest

SITE = sys.argv[1]


def told(preset, ids):
    ids = list(ids)
    assert len(ids) == len(set(ids)), preset
    print(preset, len(ids))


def unknown(schemas, name, value, path=""):
    """Members of a value that the schema does not have."""
    schema = schemas[name]
    for key, inner in value.items():
        known = schema["properties"].get(key)
        if known is None:
            yield f"{path}/{key}"
            continue
        items = known.get("items", known)
        for one in inner if isinstance(inner, list) else [inner]:
            if "$ref" in items and isinstance(one, dict):
                yield from unknown(schemas, items["$ref"], one, f"{path}/{key}")


def google(preset, service, version, schema, method, following, ids):
    client = build(
        service, version, developerKey="sesame", client_options={"api_endpoint": f"{SITE}/{preset}"},
        static_discovery=True, requestBuilder=HttpRequest,
    )
    schemas = client._schema.schemas  # noqa: SLF001
    found, request = [], method(client)
    while request is not None:
        answer = request.execute()
        assert not list(unknown(schemas, schema, answer)), list(unknown(schemas, schema, answer))
        found += ids(answer)
        request = following(client, request, answer)
    told(preset, found)


google(
    "youtube-comments", "youtube", "v3", "CommentThreadListResponse",
    lambda client: client.commentThreads().list(part="snippet,replies", videoId="v", maxResults=100, order="time"),
    lambda client, request, answer: client.commentThreads().list_next(request, answer),
    lambda answer: [item["snippet"]["topLevelComment"]["id"] for item in answer["items"]],
)
google(
    "youtube-search", "youtube", "v3", "SearchListResponse",
    lambda client: client.search().list(part="snippet", type="video", q="acme", order="date", maxResults=50),
    lambda client, request, answer: client.search().list_next(request, answer),
    lambda answer: [item["id"]["videoId"] for item in answer["items"]],
)


def next_reviews(client, _request, answer):
    token = answer["tokenPagination"]["nextPageToken"]
    return client.reviews().list(packageName="com.acme", maxResults=100, token=token) if token else None


google(
    "googleplay-reviews", "androidpublisher", "v3", "ReviewsListResponse",
    lambda client: client.reviews().list(packageName="com.acme", maxResults=100),
    next_reviews,
    lambda answer: [review["reviewId"] for review in answer["reviews"]],
)
