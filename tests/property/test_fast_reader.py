"""The fast reader gives the value, the bytes and the refusals of the strict reader and rfc8785, and nothing else.

`make credential-deep` compares a million texts; here are 12,000 of other seeds, and the guards one by one.
"""

import json
import subprocess
import sys

import json_fuzz
import public_vectors
import pytest
import rfc8785

from registry.credential import reader
from registry.credential.reader import MAX_DEPTH, read_canonical

SEEDS = range(6)


@pytest.mark.parametrize("seed", SEEDS)
def test_random_texts_are_read_and_written_alike(seed):
    counts = json_fuzz.campaign(seed, 2_000)
    for outcome in ("fast", "slow", "refused", "value written", "value refused"):
        assert counts[outcome] > 50, f"the campaign hardly tries: {outcome}"


# What each guard is there for: a text that the fast way alone would read or write otherwise.
GUARDED = {
    "duplicate member": b'{"a":1,"a":1}',
    "duplicate member, indented": b'{\n  "a": 1,\n  "a": 1\n}',
    "duplicate member behind a colon in a text": b'{"a":":","a":1}',
    "duplicate member, made up by a longer number": b'{"a":1,"a":1,"b":1e14}',
    "escaped colon": b'{"a":"\\u003a","a":1}',
    "escaped name twice": b'{"a":1,"\\u0061":1}',
    "lone surrogate": b'{"a":"\\ud800"}',
    "names beyond the BMP": '{"\ue000":1,"\U00010000":2}'.encode(),
    "names beyond the BMP, sorted by UTF-8": '{"\uffff":1,"\U0010ffff":2}'.encode(),
    "names beyond the BMP, indented": '{\n  "\ue000": 1,\n  "\U00010000": 2\n}\n'.encode(),
    "depth 33": b'{"a":' * 33 + b"1" + b"}" * 33,
    "depth 33, empty inside": b'{"a":' * 32 + b"[]" + b"}" * 32,
    "depth 33 with brackets in texts": b'{"}":' * 33 + b"1" + b',"{":2}' * 33,
    "2^53": b'{"a":9007199254740992}',
    "2^64": b'{"a":18446744073709551616}',
    "2^53 with a fraction": b'{"a":9007199254740992.0}',
    "1e400": b'{"a":1e400}',
    "1e-7": b'{"a":1e-7}',
    "0.00001": b'{"a":0.00001}',
    "1e15 with a fraction": b'{"a":1000000000000000.5}',
    "1e16": b'{"a":1e16}',
    "1e21": b'{"a":1e21}',
    "minus zero": b'{"a":-0.0}',
}


@pytest.mark.parametrize("data", GUARDED.values(), ids=GUARDED.keys())
def test_text_that_a_guard_is_there_for_goes_the_slow_way(data):
    assert json_fuzz.compare_reading(data) in ("slow", "refused")


PLAIN = {
    "compact": b'{"b":1.5,"a":[true,null,"\\n"]}',
    "indented": b'{\n  "b": 1,\n  "a": "x:y"\n}\n',
    "other white space": b' { "b" :\t1 ,\r\n"a":[ ] } ',
    "whole number with a fraction": b'{"a":1.0,"b":-250.00}',
    "emoji": '{"a":"\U0001f600","é":1}'.encode(),
    "depth 31": b'{"a":' * 31 + b"1" + b"}" * 31,
    "two hundred small objects": json.dumps({"a": [{"n": n} for n in range(200)]}).encode(),
}


@pytest.mark.parametrize("data", PLAIN.values(), ids=PLAIN.keys())
def test_ordinary_text_goes_the_fast_way(data):
    assert json_fuzz.compare_reading(data) == "fast"


def test_the_margin_before_the_search_for_depth_holds_for_the_leanest_document():
    """The shortest text that reaches level 33 has white space beyond the margin, one of level 31 need not."""
    lean = b'{"":' * (MAX_DEPTH - 1) + b"[[]]" + b"}" * (MAX_DEPTH - 1)
    assert json_fuzz.compare_reading(lean) == "refused"
    assert json_fuzz.compare_reading(b"{" + b'"":{' * (MAX_DEPTH - 1) + b"}" * MAX_DEPTH) == "fast"


STACK = """
import sys, threading
from registry.credential import reader
from registry.credential.reader import read_canonical
from registry.errors import ParsingError

def read(data):
    try:
        read_canonical(data)
    except ParsingError as error:
        print("refused" if "deeper" in str(error) or "JSON" in str(error) else error)

for _ in range(100):
    read_canonical(b"{}")
assert reader._FAST.is_ready()
sys.setrecursionlimit(1_000_000)
threading.stack_size(1024 * 1024)
for data in (b"[" * 100_000, b"[" * 9_000, b"[" * 3_001, b"[" * 3_000, b'{"":' * 50_000, b'{"":' * 750, b'{"":[' * 600,
    b"[" * 1_000 + b'{"":' * 1_800):
    thread = threading.Thread(target=read, args=(data,))
    thread.start()
    thread.join()
"""


def test_deep_text_never_exhausts_the_stack_even_where_the_recursion_limit_was_raised():
    """py_ecc raises it to 100,000 when it is imported; the stack is the smallest that Python threads get."""
    done = subprocess.run([sys.executable, "-c", STACK], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["refused"] * 8), done.stderr


@public_vectors.needed
@pytest.mark.parametrize("file", public_vectors.each("1edtech-ob3/validator-samples"))
def test_published_credentials_are_read_alike(file):
    data = file.read_bytes()
    assert json_fuzz.compare_reading(data) in ("fast", "slow")
    assert read_canonical(data).canonical == rfc8785.dumps(json.loads(data))


@public_vectors.needed
def test_published_credentials_go_the_fast_way_but_for_unicode_escapes():
    slow = [
        str(file.values[0].name)
        for file in public_vectors.each("1edtech-ob3/validator-samples")
        if reader._read_fast(file.values[0].read_bytes()) is None and b"\\u" not in file.values[0].read_bytes()
    ]
    assert slow == []
