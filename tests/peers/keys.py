"""What peers ask for before they let anybody in: certificates and a door with TLS, keys and JWTs of NATS.

keys.py tls FOLDER BROKER PORT   writes ca.pem, own.pem and own.key; an encrypted door at PORT before a broker at
                            port BROKER, for those alone who show own.pem; says when it is open
keys.py nats FOLDER         writes jwt.conf and nkey.conf for nats-server, user.creds and user.nk for who may come in
keys.py bucket NAME         a bucket that keeps what a broker has over its kills; says where it is
keys.py end ADDRESS TOPIC PARTITIONS    sends a last message to each partition; says behind which offsets it stands
keys.py produce ADDRESS FOLDER POSTS    sends so many posts by each kind of compression through that door
"""

import base64
import datetime
import hashlib
import ipaddress
import json
import socket
import ssl
import sys
import threading
import time
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

PLAIN = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def certificate(name, issuer=None):
    """A certificate with its key, signed by `issuer` or by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    signer, signing = (issuer[0].subject, issuer[1]) if issuer else (subject, key)
    now = datetime.datetime.now(datetime.timezone.utc)
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder().subject_name(subject).issuer_name(signer).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1)).add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .sign(signing, hashes.SHA256())
    )
    return made, key


def written(folder, name, pair):
    (folder / f"{name}.pem").write_bytes(pair[0].public_bytes(serialization.Encoding.PEM))
    (folder / f"{name}.key").write_bytes(pair[1].private_bytes(*PLAIN))


def door(folder, port):
    authority = certificate("authority")
    written(folder, "ca", authority)
    for name in ("server", "own"):
        written(folder, name, certificate(name, authority))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem", folder / "server.key")
    context.load_verify_locations(folder / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    # The broker must know where it is reached before it begins, so the port is given.
    listener = socket.create_server(("127.0.0.1", int(sys.argv[4])))
    print("open", flush=True)

    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def guest(plain):
        try:
            inside = context.wrap_socket(plain, server_side=True)
            broker = socket.create_connection(("127.0.0.1", port))
        except OSError:
            return plain.close()
        threading.Thread(target=pump, args=(inside, broker), daemon=True).start()
        pump(broker, inside)

    def serve():
        while True:
            threading.Thread(target=guest, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    sys.stdin.read()


def produce(address, folder, posts):
    from confluent_kafka import Producer

    for codec in ("none", "gzip", "snappy", "lz4", "zstd"):
        producer = Producer({
            "bootstrap.servers": address, "security.protocol": "ssl", "compression.type": codec, "linger.ms": 200,
            "ssl.ca.location": str(folder / "ca.pem"), "ssl.certificate.location": str(folder / "own.pem"),
            "ssl.key.location": str(folder / "own.key"), "ssl.endpoint.identification.algorithm": "none",
        })
        for n in range(posts):
            producer.produce("posts", json.dumps({"id": f"{codec}-{n}", "text": "acme never answers " * 20}))
        if producer.flush(30):
            sys.exit(f"{codec}: not sent")


def bucket(name):
    import boto3
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://%s:%d" % server.get_host_and_port()
    client = boto3.client("s3", endpoint_url=address, region_name="us-east-1", aws_access_key_id="test",
                          aws_secret_access_key="test")
    client.create_bucket(Bucket=name)
    print("at", address, flush=True)
    sys.stdin.read()


def end(address, topic, partitions):
    from confluent_kafka import Producer

    ends, producer = {}, Producer({"bootstrap.servers": address})

    def delivered(error, message):
        if error:
            sys.exit(f"not sent: {error}")
        ends[str(message.partition())] = message.offset() + 1

    beat = json.dumps({"op": "beat", "source": "end", "received_at": time.time_ns() // 1000})
    for partition in range(partitions):
        producer.produce(topic, beat, partition=partition, on_delivery=delivered)
    if producer.flush(30):
        sys.exit("not sent")
    print(json.dumps(ends))


def encoded(prefix, raw):
    """NATS writes keys in base 32, with their kind before them and a checksum (CRC-16/XMODEM) behind."""
    data, crc = bytes(prefix) + raw, 0
    for byte in data:
        crc ^= byte << 8
        for _ in range(8):
            crc = ((crc << 1) ^ 0x1021 if crc & 0x8000 else crc << 1) & 0xFFFF
    return base64.b32encode(data + crc.to_bytes(2, "little")).decode().rstrip("=")


class Key:
    KINDS = {"operator": 14 << 3, "account": 0, "user": 20 << 3}

    def __init__(self, kind):
        self.key = ed25519.Ed25519PrivateKey.generate()
        kind = self.KINDS[kind]
        raw = (serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.name = encoded([kind], self.key.public_key().public_bytes(*raw))
        seed = self.key.private_bytes(serialization.Encoding.Raw, serialization.PrivateFormat.Raw, serialization.NoEncryption())
        self.seed = encoded([18 << 3 | kind >> 5, (kind & 31) << 3], seed)

    def jwt(self, subject, nats):
        def part(value):
            return base64.urlsafe_b64encode(value).decode().rstrip("=")

        claims = {"iat": int(time.time()), "iss": self.name, "name": "test", "sub": subject, "nats": {"version": 2, **nats}}
        claims["jti"] = base64.b32encode(hashlib.sha256(json.dumps(claims).encode()).digest()).decode().rstrip("=")
        signed = part(b'{"typ":"JWT","alg":"ed25519-nkey"}') + "." + part(json.dumps(claims).encode())
        return signed + "." + part(self.key.sign(signed.encode()))


def nats(folder):
    operator, account, system, user = Key("operator"), Key("account"), Key("account"), Key("user")
    free = {name: -1 for name in ("subs", "data", "payload", "imports", "exports", "conn", "leaf", "mem_storage",
                                  "disk_storage", "streams", "consumer")}
    held = operator.jwt(account.name, {"type": "account", "limits": {**free, "wildcards": True}})
    own = operator.jwt(system.name, {"type": "account", "limits": {**free, "disk_storage": 0, "mem_storage": 0, "wildcards": True}})
    shown = account.jwt(user.name, {"type": "user", "pub": {}, "sub": {}, "subs": -1, "data": -1, "payload": -1})
    (folder / "jwt.conf").write_text(
        f"operator: {operator.jwt(operator.name, {'type': 'operator'})}\nresolver: MEMORY\n"
        f"system_account: {system.name}\nresolver_preload: {{ {account.name}: {held}, {system.name}: {own} }}\n"
    )
    (folder / "user.creds").write_text(
        f"-----BEGIN NATS USER JWT-----\n{shown}\n------END NATS USER JWT------\n\n"
        f"-----BEGIN USER NKEY SEED-----\n{user.seed}\n------END USER NKEY SEED------\n"
    )
    (folder / "nkey.conf").write_text(f"authorization: {{ users: [ {{ nkey: {user.name} }} ] }}\n")
    (folder / "user.nk").write_text(user.seed + "\n")


verb, rest = sys.argv[1], sys.argv[2:]
if verb == "tls":
    door(Path(rest[0]), int(rest[1]))
elif verb == "nats":
    nats(Path(rest[0]))
elif verb == "bucket":
    bucket(rest[0])
elif verb == "end":
    end(rest[0], rest[1], int(rest[2]))
else:
    produce(rest[0], Path(rest[1]), int(rest[2]))
