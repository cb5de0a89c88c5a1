"""A real SMTP server (aiosmtpd) that prints what it gets, one JSON object a line.

    smtp_server.py FOLDER implicit|starttls|plain

Writes FOLDER/ca.pem, which vouches for `localhost`, and prints {"port": ...} first. It knows one
account, `alarm` with the password `geheim äß`, and wants it wherever it encrypts. People whose
address begins with `never` are refused for good, those with `later` once.
"""

import asyncio
import base64
import datetime
import email
import email.policy
import json
import pathlib
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

ACCOUNT = (b"alarm", "geheim äß".encode())


def certificates(folder):
    """A context with a certificate for localhost, signed by an authority that is written down."""
    now = datetime.datetime.now(datetime.timezone.utc)

    def made(name, issuer, key, signer, is_ca):
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)]))
            .issuer_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, issuer)]))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=2))
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        )
        if not is_ca:
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        return builder.sign(signer, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    authority, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    (folder / "ca.pem").write_bytes(made("test authority", "test authority", authority, authority, True))
    plain = serialization.NoEncryption()
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    chain = folder / "chain.pem"
    chain.write_bytes(key + made("localhost", "test authority", own, authority, False))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(chain)
    return context


def say(**what):
    print(json.dumps(what), flush=True)


class Handler:
    def __init__(self):
        self.delayed = set()

    async def handle_RCPT(self, server, session, envelope, address, options):
        name = address.partition("@")[0]
        if name.startswith("never"):
            say(refused=address)
            return "550 5.1.1 no such person"
        if name.startswith("later") and address not in self.delayed:
            self.delayed.add(address)
            say(delayed=address)
            return "450 4.2.0 greylisted, try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = {kind: letter.get_body((kind,)) for kind in ("plain", "html")}
        say(
            to=envelope.rcpt_tos,
            headers={name.lower(): str(value) for name, value in letter.items()},
            encrypted=server.transport.get_extra_info("ssl_object") is not None,
            user=bytes(session.auth_data.login).decode() if session.auth_data else None,
            **{kind: part.get_content() if part else None for kind, part in body.items()},
            files=[
                {
                    "name": part.get_filename(),
                    "type": part.get_content_type(),
                    "bytes": base64.b64encode(part.get_payload(decode=True)).decode(),
                }
                for part in letter.iter_attachments()
            ],
        )
        return "250 2.0.0 queued as 4711"


def authenticate(server, session, envelope, mechanism, data):
    known = isinstance(data, LoginPassword) and (data.login, data.password) == ACCOUNT
    return AuthResult(success=known, handled=False, auth_data=data if known else None)


async def main(folder, mode):
    context, handler = certificates(folder), Handler()
    options = {"plain": {}, "implicit": {}, "starttls": {"tls_context": context, "require_starttls": True}}[mode]
    if mode != "plain":
        options |= {"authenticator": authenticate, "auth_required": True, "auth_require_tls": mode == "starttls"}
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(handler, enable_SMTPUTF8=True, hostname="localhost", **options),
        "127.0.0.1",
        0,
        ssl=context if mode == "implicit" else None,
    )
    say(port=server.sockets[0].getsockname()[1])
    await server.serve_forever()


asyncio.run(main(pathlib.Path(sys.argv[1]), sys.argv[2]))
