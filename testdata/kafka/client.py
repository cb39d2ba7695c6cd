"""client.py: what kafka-python does, by the name of the capture: client.py NAME ADDRESS:PORT"""
import sys
import time

from kafka import KafkaConsumer, KafkaProducer, TopicPartition

name, at = sys.argv[1:3]


def session(topic, version, more={}, kinds=(None, "gzip"), group="old-readers", acks=(1, 0, "all")):
    for kind in kinds:
        for ack in acks:
            p = KafkaProducer(bootstrap_servers=at, client_id="py-producer", api_version=version, compression_type=kind,
                              acks=ack, linger_ms=20, **more)
            for i in range(5):
                p.send(topic, b"value %d" % i)
            p.flush()
            p.close()
    c = KafkaConsumer(topic, bootstrap_servers=at, client_id="py-consumer", api_version=version, group_id=group,
                      auto_offset_reset="earliest", enable_auto_commit=False, consumer_timeout_ms=1500, **more)
    print(sum(1 for _ in c))
    if group:
        c.commit()
    c.close()


def attempt(call):
    try:
        print(call())
    except Exception as e:
        print(repr(e))


if name == "old":  # before record batches: message sets of formats 0 and 1
    session("old", (0, 9), group="old-readers")
    session("old", (0, 10), group=None, kinds=(None,), acks=(1,))
    session("old", (0, 11), group=None, kinds=(None,), acks=(1,))
elif name == "python":
    session("words", (2, 5), kinds=("lz4",), group="py-readers", acks=(1, 0))
elif name == "sasl_raw":  # SaslHandshake 0: tokens without a header follow
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_plain_username": "alice", "sasl_plain_password": "alice-secret"}
    session("words", (0, 10), dict(login, sasl_mechanism="PLAIN"), kinds=(None,), group=None, acks=(1,))
    login = {"security_protocol": "SASL_PLAINTEXT", "sasl_plain_username": "bob", "sasl_plain_password": "bob-secret"}
    attempt(lambda: session("words", (0, 10), dict(login, sasl_mechanism="SCRAM-SHA-256"), kinds=(None,), group=None, acks=(1,)))
    time.sleep(0.2)
