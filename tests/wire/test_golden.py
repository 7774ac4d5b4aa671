"""Every codec reads the golden frames, and refuses the golden mistakes."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from golden import GOLDEN, PROTOCOLS, SCHEMA, frame, names, same, stated

from motherlode.families import FAMILIES
from motherlode.ppx.client.recall import Recall, law_of
from motherlode.ppx.errors import ProtocolError, UnknownFamily
from motherlode.ppx.format.codec import decode, encode, sample_result
from motherlode.ppx.format.messages import GoldRun, RunResult, Sample, SampleResult
from motherlode.ppx.format.reader import read
from motherlode.ppx.format.schema import DEFAULTS, ENUMS, TABLES, UNIONS, ErrorCode, Recorded, Tier
from motherlode.ppx.format.writer import write


def asked(name, count=3):
    record = Recorded.TRACES if "traces" in name else Recorded.GOLD
    return GoldRun(record, 0, 4000, np.zeros((count, 2)), np.zeros((count, 1, 2)))


@pytest.mark.parametrize("name", names("accepted"))
def test_frame_decodes_to_its_json(name):
    message = decode(frame("accepted", name))
    wanted = stated("accepted", name)
    assert type(message).__name__ == wanted["body_type"]
    same(message, wanted["body"], wanted["body_type"])


@pytest.mark.parametrize("name", names("accepted"))
def test_our_own_frame_decodes_to_the_same(name):
    message = decode(encode(decode(frame("accepted", name))))
    wanted = stated("accepted", name)
    same(message, wanted["body"], wanted["body_type"])


@pytest.mark.parametrize("name", ["run_result_gold", "run_result_diverted", "run_result_traces"])
def test_block_answers_its_request(name):
    assert decode(frame("accepted", name), asked(name)).block.joint_log_ratio.shape == (2, 1)


@pytest.mark.parametrize("name", names("refused"))
def test_mistake_is_refused(name):
    request = asked(name) if name.startswith(("block", "traces")) else None
    with pytest.raises(ProtocolError):
        decode(frame("refused", name), request)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"first": 4001}, "first, count"),
        ({"theta": np.zeros((2, 2))}, "first, count"),
        ({"alternatives": np.zeros((3, 2, 2))}, "asked for"),
        ({"theta": np.zeros((3, 1))}, "asked for"),
        ({"record": Recorded.TRACES}, "missing"),
        ({"record": Recorded.SIMULATE}, "asked for"),
    ],
)
def test_block_that_answers_another_request_is_refused(change, text):
    request = asked("gold")
    with pytest.raises(ProtocolError, match=text):
        decode(frame("accepted", "run_result_gold"), GoldRun(**{**vars(request), **change}))


@pytest.mark.parametrize("name", names("accepted"))
def test_prefix_is_refused_or_the_same(name):
    whole = frame("accepted", name)
    for end in range(len(whole)):
        try:
            message = decode(whole[:end])
        except ProtocolError:
            continue
        same(message, stated("accepted", name)["body"], type(message).__name__)


@pytest.mark.parametrize("name", names("accepted"))
def test_identifier_is_not_required(name):
    whole = frame("accepted", name)
    decode(whole[:4] + bytes(4) + whole[8:])


def test_unknown_family_is_named():
    whole = frame("accepted", "sample_weibull")
    places = [i for i, byte in enumerate(whole) if byte == 11]
    errors = []
    for place in places:
        try:
            decode(whole[:place] + b"\x63" + whole[place + 1 :])
        except ProtocolError as error:
            errors.append(error)
    (error,) = (error for error in errors if isinstance(error, UnknownFamily))
    assert error.number == 0x63
    assert "galton.cpp:fall:23#1" in str(error)


def test_fields_of_a_later_schema_are_ignored(monkeypatch):
    later = {**TABLES, "Sample": {**TABLES["Sample"], "replace": "bool", "note": "string"}}
    monkeypatch.setattr("motherlode.ppx.format.writer.TABLES", later)
    fields = read(frame("accepted", "sample_normal"))
    fields["body"] |= {"replace": True, "note": "stock peers of 2018 sent `replace`"}
    same(decode(write(fields)), stated("accepted", "sample_normal")["body"], "Sample")


def test_fields_of_an_earlier_schema_may_be_missing(monkeypatch):
    earlier = {**TABLES, "Handshake": {"system_name": "string"}}
    monkeypatch.setattr("motherlode.ppx.format.writer.TABLES", earlier)
    message = decode(write({"body_type": "Handshake", "body": {"system_name": "pyprob 1.5.0"}}))
    assert message.extensions is None


def test_scalar_result_without_shape():
    message = decode(encode(SampleResult(np.float64(2.5))))
    assert message.result.shape == ()


def test_patched_result_equals_encoded():
    for value in (0.0, -1.5, np.inf, 1e-300):
        assert sample_result(value) == encode(SampleResult(np.float64(value)))


@pytest.mark.parametrize("name", [name for name in names("accepted") if re.match(r"sample_(?!result)", name)])
def test_recalled_request_equals_decoded(name):
    message = decode(frame("accepted", name))
    assert isinstance(message, Sample)
    recall = Recall()
    recall.learn(frame("accepted", name), message)
    scaled = encode(replace(message, parameters=tuple(1.5 * parameter for parameter in message.parameters)))
    first = recall.recall(scaled)
    if first is None:
        recall.learn(scaled, decode(scaled))
        first = recall.recall(scaled)
    if any(parameter.size > 1 for parameter in message.parameters):
        assert first is None
    else:
        known, law = first
        assert (known.message.address, known.family.name) == (message.address, message.family)
        assert law == law_of(decode(scaled))
    assert recall.recall(frame("accepted", "observe")) is None


def test_request_whose_parameter_is_part_of_its_address_is_not_recalled():
    whole = bytearray(frame("accepted", "sample_bernoulli"))
    address = whole.index(b"galton.cpp")
    (value,) = (i for i in range(len(whole) - 7) if whole[i : i + 8] == np.float64(1e-12).tobytes())
    vector = value - 4
    places = [i for i in range(0, len(whole) - 3, 4) if i + int.from_bytes(whole[i : i + 4], "little") == vector]
    whole[address + 4 : address + 8] = (1).to_bytes(4, "little")
    for place in places:
        whole[place : place + 4] = (address + 4 - place).to_bytes(4, "little")
    message = decode(bytes(whole))
    assert message.parameters[0].size == 1
    recall = Recall()
    recall.learn(bytes(whole), message)
    assert recall.recall(bytes(whole)) is None


def test_decoded_arrays_are_owned():
    whole = bytearray(frame("accepted", "run_result_gold"))
    message = decode(memoryview(whole))
    assert isinstance(message, RunResult)
    before = message.block.x.copy()
    whole[:] = bytes(len(whole))
    np.testing.assert_array_equal(message.block.x, before)


def fbs_tables(text):
    text = re.sub(r"//[^\n]*", "", text)
    field = re.compile(r"(\w+)\s*:\s*(\[?\w+\]?)\s*(?:=\s*(\w+))?\s*;")
    return {name: field.findall(body) for name, body in re.findall(r"table (\w+) \{(.*?)\}", text, re.S)}


def test_layout_equals_the_schema():
    text = SCHEMA.read_text()
    tables = fbs_tables(text)
    assert {name: {field: kind for field, kind, _ in fields} for name, fields in tables.items()} == TABLES
    for name, fields in tables.items():
        assert list(TABLES[name]) == [field for field, _, _ in fields]
    constants = {"true": True, "Protocol": 1}
    defaults = {
        (name, field): constants.get(value, value)
        for name, fields in tables.items()
        for field, _, value in fields
        if value
    }
    assert {key: int(value) for key, value in defaults.items()} == {key: int(value) for key, value in DEFAULTS.items()}
    for name, members in re.findall(r"union (\w+) \{(.*?)\}", text, re.S):
        assert tuple(re.findall(r"\w+", members)) == UNIONS[name]
    for kind in (Tier, Recorded, ErrorCode):
        width, body = re.search(
            rf"enum {kind.__name__} : (\w+) \{{(.*?)\}}", re.sub(r"//[^\n]*", "", text), re.S
        ).groups()
        assert ENUMS[kind.__name__] == width
        members = {name.upper(): int(value) for name, value in re.findall(r"(\w+)\s*=\s*(\d+)", body)}
        assert {member.name.replace("_", ""): member.value for member in kind} == members


def test_families_have_the_wire_numbers_and_parameters():
    for number, name in enumerate(UNIONS["Distribution"], 1):
        assert FAMILIES[name].number == number
        assert FAMILIES[name].parameters == tuple(TABLES[name])


@pytest.fixture(scope="module")
def flatc():
    program = shutil.which("flatc")
    if program is None:
        pytest.skip("flatc is not installed (Debian: flatbuffers-compiler)")
    return program


def test_schema_conforms_to_1_0_0(flatc):
    subprocess.run([flatc, "--conform", PROTOCOLS / "ppx-1.0.0.fbs", SCHEMA], check=True)


def test_frames_are_what_the_writer_writes(flatc, tmp_path):
    copy = tmp_path / "golden"
    copy.mkdir()
    shutil.copy(GOLDEN / "write.py", copy)
    shutil.copy(SCHEMA, tmp_path)
    subprocess.run([sys.executable, copy / "write.py"], check=True)
    for folder in ("accepted", "refused"):
        assert sorted(path.name for path in (copy / folder).iterdir()) == sorted(
            path.name for path in (GOLDEN / folder).iterdir()
        )
        for text in (copy / folder).glob("*.json"):
            assert text.read_bytes() == (GOLDEN / folder / text.name).read_bytes()


def test_flatc_reads_our_frames(flatc, tmp_path):
    for name in names("accepted"):
        ours = tmp_path / f"{name}.bin"
        ours.write_bytes(encode(decode(frame("accepted", name))))
        command = [flatc, "--json", "--strict-json", "-o", tmp_path, SCHEMA, "--", ours]
        subprocess.run(command, check=True)
