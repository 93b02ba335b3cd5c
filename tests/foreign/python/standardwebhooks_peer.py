"""Signs and verifies with the `standardwebhooks` library for Python; ../README.md describes the lines read and written."""

import base64
import json
import sys
from datetime import datetime, timezone

from standardwebhooks.webhooks import Webhook


def sign(case: dict) -> dict:
    signed_at = datetime.fromtimestamp(case["timestamp"], tz=timezone.utc)
    body = base64.b64decode(case["body_base64"]).decode()
    return {"signature": Webhook(case["secret"]).sign(msg_id=case["id"], timestamp=signed_at, data=body)}


def verify(case: dict) -> dict:
    body = base64.b64decode(case["body_base64"])
    try:
        Webhook(case["secret"]).verify(body, case["headers"], json_parse=False)
    # The library lets errors of Base64 and of tuple unpacking through: a refusal all the same.
    except Exception as refusal:
        return {"verified": False, "reason": f"{type(refusal).__name__}: {refusal}"}
    return {"verified": True}


OPERATIONS = {"sign": sign, "verify": verify}

for line in sys.stdin:
    case = json.loads(line)
    print(json.dumps(OPERATIONS[case["op"]](case)), flush=True)
