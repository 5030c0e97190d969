"""Holds a raw reply against botocore's model of the service: every field has to be one of AWS's, and of the right form.

botocore's own parsers drop what they do not know and do without what is missing, so that what they make of a reply tells
little. Sources: Smithy, AWS JSON 1.1, AWS query and EC2 query protocols, operation response and error serialization; the
models themselves are in botocore's package.
"""

import base64
import binascii
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass

from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape

# What every service may answer to any call and no operation's model names.
# Source: Amazon ECS API Reference, Common Errors, and those of the other services.
COMMON_ERRORS = frozenset(
    {
        "AccessDeniedException",
        "ExpiredTokenException",
        "InvalidSignatureException",
        "MissingAuthenticationTokenException",
        "ThrottlingException",
        "UnrecognizedClientException",
    }
)

# Source: Smithy, Timestamp formats, date-time.
DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
INTEGERS = {"integer": 32, "long": 64}


@dataclass(frozen=True, order=True)
class Finding:
    """One way in which replies differ from the model."""

    service: str
    # `Shape.member`, or what stands around a reply.
    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.service}: {self.place}: {self.problem}"


class Reply:
    """One reply on its way through the model; `findings` is what is wrong with it."""

    def __init__(self, operation: OperationModel, status: int, headers: dict[str, str], body: bytes) -> None:
        self.operation = operation
        self.service = operation.service_model.service_name
        self.status = status
        self.headers = {name.lower(): value for name, value in headers.items()}
        self.body = body
        self.findings: set[Finding] = set()

    def held(self) -> set[Finding]:
        """Returns every way in which the reply differs from the model."""
        protocol = self.operation.service_model.protocol
        is_error = self.status >= 300
        if protocol == "json":
            self._hold_json(is_error)
        elif protocol in ("query", "ec2"):
            self._hold_xml(protocol, is_error)
        elif protocol == "rest-xml":
            self._hold_rest_xml(is_error)
        else:
            self._find("protocol", f"is {protocol}, which this check does not know: teach it to tests/wire/model.py")
        return self.findings

    def _find(self, place: str, problem: str) -> None:
        self.findings.add(Finding(self.service, place, problem))

    def _expect_header(self, name: str, expected: str) -> None:
        found = self.headers.get(name, "")
        if found.split(";")[0] != expected:
            self._find(f"header {name}", f"is {found!r} instead of {expected!r}")

    # JSON.

    def _hold_json(self, is_error: bool) -> None:
        version = self.operation.service_model.metadata["jsonVersion"]
        self._expect_header("content-type", f"application/x-amz-json-{version}")
        if not self.headers.get("x-amzn-requestid"):
            self._find("header x-amzn-requestid", "is missing")
        try:
            value = json.loads(self.body)
        except ValueError as problem:
            self._find("body", f"is no JSON: {problem}")
            return
        if is_error:
            self._hold_json_error(value)
        elif self.operation.output_shape is not None:
            self._json(self.operation.output_shape, value, self.operation.output_shape.name)
        elif value not in ({}, None):
            self._find(self.operation.name, "has an answer, and the model knows none")

    def _hold_json_error(self, value: object) -> None:
        if not isinstance(value, dict) or not isinstance(value.get("__type"), str):
            self._find("error", "has no __type")
            return
        value = dict(value)
        code = value.pop("__type").rsplit("#", 1)[-1]
        shapes = {shape.error_code: shape for shape in self.operation.error_shapes}
        if code in shapes:
            self._json(shapes[code], value, code)
        elif code not in COMMON_ERRORS:
            self._find(f"error {code}", f"is none of {self.operation.name}")
        if not any(isinstance(value.get(key), str) and value[key] for key in ("message", "Message")):
            self._find(f"error {code}", "has no message")

    def _json(self, shape: Shape, value: object, place: str) -> None:
        if value is None:
            self._find(place, "is null")
        elif isinstance(shape, StructureShape):
            if self._is(place, value, dict, "an object"):
                self._json_structure(shape, value)
        elif isinstance(shape, ListShape):
            if self._is(place, value, list, "a list"):
                for item in value:
                    self._json(shape.member, item, place)
        elif isinstance(shape, MapShape):
            if self._is(place, value, dict, "an object"):
                for key, item in value.items():
                    self._text(shape.key, key, place)
                    self._json(shape.value, item, place)
        else:
            self._json_scalar(shape, value, place)

    def _json_structure(self, shape: StructureShape, value: dict) -> None:
        members = {member.serialization.get("name", name): member for name, member in shape.members.items()}
        for key, item in value.items():
            if key in members:
                self._json(members[key], item, f"{shape.name}.{key}")
            else:
                self._find(f"{shape.name}.{key}", "is not in the model")
        self._required(shape, value.keys())

    def _json_scalar(self, shape: Shape, value: object, place: str) -> None:
        kind = shape.type_name
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if kind in INTEGERS:
            if is_number and isinstance(value, int):
                self._bits(kind, value, place)
            else:
                self._find(place, f"is no {kind}")
        elif kind in ("float", "double"):
            self._unless(is_number, place, f"is no {kind}")
        elif kind == "boolean":
            self._unless(isinstance(value, bool), place, "is no boolean")
        elif kind == "timestamp":
            # Seconds since 1970, unless the member says otherwise.
            self._unless(is_number and "timestampFormat" not in shape.serialization, place, "is no number of seconds")
        elif kind == "blob":
            self._unless(isinstance(value, str) and _is_base64(value), place, "is no base64")
        elif self._is(place, value, str, "a string"):
            self._text(shape, value, place)

    # XML.

    def _hold_xml(self, protocol: str, is_error: bool) -> None:
        self._expect_header("content-type", "text/xml")
        try:
            root = ElementTree.fromstring(self.body)
        except ElementTree.ParseError as problem:
            self._find("body", f"is no XML: {problem}")
            return
        if is_error:
            self._hold_xml_error(protocol, root)
            return
        namespace, name = _split(root.tag)
        expected = self.operation.service_model.metadata["xmlNamespace"]
        if namespace.rstrip("/") != expected.rstrip("/"):
            self._find("root", f"has the namespace {namespace!r} instead of {expected!r}")
        self._unless(name == f"{self.operation.name}Response", "root", f"is {name!r}")
        children = {_split(child.tag)[1]: child for child in root}
        shape = self.operation.output_shape
        if protocol == "ec2":
            self._request_id("requestId", children.get("requestId"))
            if "requestId" in children:
                root.remove(children["requestId"])
            if shape is not None:
                self._xml_structure(shape, root)
                return
            for child in root:
                self._find(f"{self.operation.name}.{_split(child.tag)[1]}", "is not in the model")
            return
        self._request_id("ResponseMetadata.RequestId", root.find("{*}ResponseMetadata/{*}RequestId"))
        wrapper = shape.serialization["resultWrapper"]
        self._unless(children.keys() == {wrapper, "ResponseMetadata"}, "root", f"holds {sorted(children)}")
        if wrapper in children:
            self._xml_structure(shape, children[wrapper])

    def _hold_xml_error(self, protocol: str, root: ElementTree.Element) -> None:
        """Errors of the query protocols have one form for all codes; EC2's model names none of its codes."""
        expected = "Response/Errors/Error" if protocol == "ec2" else "ErrorResponse/Error"
        request_id = "RequestID" if protocol == "ec2" else "RequestId"
        names = expected.split("/")
        self._unless(_split(root.tag)[1] == names[0], "error", f"is in {root.tag!r} instead of {names[0]!r}")
        self._unless({_split(child.tag)[1] for child in root} == {names[1], request_id}, "error", "has other parts than AWS's")
        self._request_id(request_id, root.find("{*}" + request_id))
        error = root.find("/".join("{*}" + name for name in names[1:]))
        fields = {} if error is None else {_split(field.tag)[1]: field.text for field in error}
        required = {"Code", "Message"} if protocol == "ec2" else {"Type", "Code", "Message"}
        self._unless(
            fields.keys() == required and all(fields.values()), "error", f"has {sorted(fields)} instead of {sorted(required)}"
        )
        self._unless(fields.get("Type", "Sender") in ("Sender", "Receiver"), "error", f"is of type {fields.get('Type')!r}")

    def _hold_rest_xml(self, is_error: bool) -> None:
        """S3's answers have no body where all that the model knows of them is in headers; its errors are one element."""
        for name in ("x-amz-request-id", "x-amz-id-2"):
            self._unless(self.headers.get(name), f"header {name}", "is missing")
        if is_error:
            self._expect_header("content-type", "application/xml")
            self._hold_s3_error()
            return
        shape = self.operation.output_shape
        members = {
            member.serialization["name"].lower(): member
            for member in (shape.members.values() if shape else ())
            if member.serialization.get("location") == "header"
        }
        self._unless(not self.body, "body", "is not empty")
        for name, value in self.headers.items():
            if name in members:
                self._xml_scalar(members[name], value, f"{shape.name}.{name}")
            elif name.startswith("x-amz-") and name not in ("x-amz-request-id", "x-amz-id-2"):
                self._find(f"header {name}", "is not in the model")

    def _hold_s3_error(self) -> None:
        """Source: Amazon S3 API Reference, Error responses, REST error response."""
        try:
            root = ElementTree.fromstring(self.body)
        except ElementTree.ParseError as problem:
            self._find("body", f"is no XML: {problem}")
            return
        self._unless(root.tag == "Error", "error", f"is in {root.tag!r} instead of 'Error'")
        fields = {field.tag: field.text for field in root}
        required = {"Code", "Message", "RequestId", "HostId"}
        self._unless(
            fields.keys() == required and all(fields.values()), "error", f"has {sorted(fields)} instead of {sorted(required)}"
        )

    def _request_id(self, name: str, element: ElementTree.Element | None) -> None:
        self._unless(element is not None and bool(element.text), name, "is missing")

    def _xml_structure(self, shape: StructureShape, element: ElementTree.Element) -> None:
        members = {}
        for name, member in shape.members.items():
            # A list without an element around it is known by the name of its items.
            flat = isinstance(member, ListShape) and member.serialization.get("flattened")
            inner = member.member.serialization.get("name") if flat else None
            members[inner or member.serialization.get("name", name)] = member
        seen = set()
        for child in element:
            name = _split(child.tag)[1]
            place = f"{shape.name}.{name}"
            if name not in members:
                self._find(place, "is not in the model")
                continue
            self._unless(name not in seen or members[name].serialization.get("flattened"), place, "is there twice")
            seen.add(name)
            self._xml(members[name], child, place)
        self._unless(not (element.text or "").strip(), shape.name, "has text beside its elements")
        self._required(shape, seen)

    def _xml(self, shape: Shape, element: ElementTree.Element, place: str) -> None:
        if isinstance(shape, StructureShape):
            self._xml_structure(shape, element)
        elif isinstance(shape, ListShape):
            if shape.serialization.get("flattened"):
                self._xml(shape.member, element, place)
                return
            item = shape.member.serialization.get("name", "member")
            self._unless(not (element.text or "").strip(), place, "has text beside its items")
            for child in element:
                name = _split(child.tag)[1]
                self._unless(name == item, place, f"has items called {name!r} instead of {item!r}")
                self._xml(shape.member, child, place)
        elif isinstance(shape, MapShape):
            self._find(place, "is a map, which this check cannot read in XML: teach it to tests/wire/model.py")
        else:
            self._unless(len(element) == 0, place, "has elements inside")
            self._xml_scalar(shape, element.text or "", place)

    def _xml_scalar(self, shape: Shape, text: str, place: str) -> None:
        kind = shape.type_name
        if kind in INTEGERS:
            if re.fullmatch(r"-?\d+", text):
                self._bits(kind, int(text), place)
            else:
                self._find(place, f"is no {kind}")
        elif kind in ("float", "double"):
            self._unless(re.fullmatch(r"-?\d+(\.\d+)?", text), place, f"is no {kind}")
        elif kind == "boolean":
            self._unless(text in ("true", "false"), place, "is no boolean")
        elif kind == "timestamp":
            self._unless(DATE_TIME.fullmatch(text), place, "is no time")
        elif kind == "blob":
            self._unless(_is_base64(text), place, "is no base64")
        else:
            self._text(shape, text, place)

    # Both.

    def _required(self, shape: StructureShape, found: object) -> None:
        for name in shape.required_members:
            wire_name = shape.members[name].serialization.get("name", name)
            self._unless(wire_name in found, f"{shape.name}.{wire_name}", "is missing")

    def _text(self, shape: Shape, value: str, place: str) -> None:
        limits = shape.metadata
        if limits.get("enum") and value not in limits["enum"]:
            self._find(place, f"is {value!r}, which is none of the values of {shape.name}")
        self._unless(limits.get("min", 0) <= len(value) <= limits.get("max", len(value)), place, f"has {len(value)} characters")
        if "pattern" in limits and not re.search(_python(limits["pattern"]), value):
            self._find(place, f"does not match {limits['pattern']}")

    def _bits(self, kind: str, value: int, place: str) -> None:
        bound = 1 << (INTEGERS[kind] - 1)
        self._unless(-bound <= value < bound, place, f"is too large for {kind}")

    def _is(self, place: str, value: object, kind: type, what: str) -> bool:
        self._unless(isinstance(value, kind), place, f"is not {what}")
        return isinstance(value, kind)

    def _unless(self, holds: object, place: str, problem: str) -> None:
        if not holds:
            self._find(place, problem)


def _split(tag: str) -> tuple[str, str]:
    """Returns namespace and name of an element."""
    namespace, _, name = tag.rpartition("}")
    return namespace.removeprefix("{"), name


def _is_base64(text: str) -> bool:
    try:
        base64.b64decode(text, validate=True)
    except binascii.Error:
        return False
    return True


def _python(pattern: str) -> str:
    """Returns a pattern of the models, which are Java's, as Python writes it. One without anchors is for the whole text."""
    pattern = pattern.replace(r"\p{L}\p{Z}\p{N}", r"\w\s").replace(r"\p{L}\p{N}", r"\w")
    return pattern if pattern.startswith("^") else f"^(?:{pattern})$"


def watched(hold: Callable[[Reply], None]) -> Callable[..., None]:
    """Returns a handler of botocore's event `before-parse`, which is where a reply is still what came over the wire.

    Source: botocore, `endpoint.py`, `_do_get_response`.
    """

    def handle(operation_model: OperationModel, response_dict: dict, **_: object) -> None:
        reply = Reply(operation_model, response_dict["status_code"], response_dict["headers"], response_dict["body"])
        hold(reply)

    return handle
