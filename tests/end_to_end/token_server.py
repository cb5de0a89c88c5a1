"""A server that gives tokens to a service account as Google's does (RFC 7523), and the reviews of an app for
them. What an account claims is verified with the cryptography package.

Usage: token_server.py FOLDER LIFE_S CLOCK_S; writes FOLDER/key.json, and prints its address, then a line for each
request.
"""

import base64
import http.server
import json
import sys
import time
import urllib.parse
from email.utils import formatdate

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

FOLDER, LIFE_S, CLOCK_S = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
ACCOUNT = "resonanz@project.iam.gserviceaccount.com"
SCOPE = "https://www.googleapis.com/auth/androidpublisher"
GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
TOKENS = {}


def now():
    return time.time() + CLOCK_S


def part(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def fault(assertion, address):
    """What is wrong with a claim; None if nothing is."""
    head, body, seal = assertion.split(".")
    try:
        signed = f"{head}.{body}".encode()
        KEY.public_key().verify(part(seal), signed, padding.PKCS1v15(), hashes.SHA256())
    except InvalidSignature:
        return "Invalid JWT Signature."
    head, body = json.loads(part(head)), json.loads(part(body))
    if head != {"alg": "RS256", "typ": "JWT", "kid": "k1"}:
        return f"the head is {head}"
    if (body["iss"], body["scope"], body["aud"]) != (ACCOUNT, SCOPE, f"{address}/token"):
        return f"the body is {body}"
    if not (now() - 3600 < body["iat"] <= now() + 5 and now() < body["exp"] <= body["iat"] + 3600):
        return "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe."
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, status, body):
        print(json.dumps({"path": self.path, "status": status}), flush=True)
        raw = json.dumps(body).encode()
        self.send_response_only(status)
        self.send_header("Date", formatdate(now(), usegmt=True))
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"])).decode()
        form = dict(urllib.parse.parse_qsl(raw))
        if form.get("grant_type") != GRANT:
            return self.answer(400, {"error": "unsupported_grant_type"})
        wrong = fault(form["assertion"], ADDRESS)
        if wrong:
            return self.answer(400, {"error": "invalid_grant", "error_description": wrong})
        token = f"ya29.{len(TOKENS)}"
        TOKENS[token] = now() + LIFE_S
        self.answer(200, {"access_token": token, "expires_in": LIFE_S, "token_type": "Bearer"})

    def do_GET(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if TOKENS.get(token, 0) < now():
            return self.answer(401, {"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}})
        if "/com.other.app/" in self.path:
            said = {"code": 403, "message": "The caller does not have permission", "status": "PERMISSION_DENIED"}
            return self.answer(403, {"error": said})
        review = {
            "reviewId": token,
            "authorName": "Ann",
            "comments": [{"userComment": {
                "text": f"acme is slow, by {token}",
                "lastModified": {"seconds": str(int(time.time()) - 60), "nanos": 0},
                "starRating": 2,
                "reviewerLanguage": "en",
            }}],
        }
        self.answer(200, {"reviews": [review]})

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
ADDRESS = f"http://127.0.0.1:{server.server_port}"
pem = KEY.private_bytes(
    serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
)
with open(f"{FOLDER}/key.json", "w", encoding="utf-8") as file:
    json.dump({
        "type": "service_account",
        "project_id": "project",
        "private_key_id": "k1",
        "private_key": pem.decode(),
        "client_email": ACCOUNT,
        "client_id": "1",
        "token_uri": "https://oauth2.googleapis.com/token",
    }, file, indent=2)
print(json.dumps({"address": ADDRESS}), flush=True)
server.serve_forever()
