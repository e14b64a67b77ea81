"""For Schemathesis: media types that are JSON under another name, or lines of it."""

import json

import schemathesis

schemathesis.serializer.alias(["application/vc"], "application/json")


@schemathesis.deserializer("application/vc")
def vc(_ctx, response):
    return json.loads(response.content)
