"""Custom SIP header fields: ``SIPHeaderField`` and ``channel.SIP`` (``SIP-1`` to ``SIP-8``)."""

from __future__ import annotations

from collections.abc import Iterable

from offhook._arguments import is_unicode, refuse

__all__ = ["SIP", "SIPHeaderField"]

_NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~")


class SIPHeaderField:
    """A custom header field with one or more values (``SIP-2``).

    Args:
        header_field_name: begins with ``x-`` in either letter case and consists of letters, digits and
            ``-.!%*_+`'~`` (``SIP-3``).
        header_value: the first value; it holds no CR, LF or NUL (``SIP-4``).

    Raises:
        Error: if the name or the value is not acceptable.

    >>> field = SIPHeaderField("x-account", "4711")
    >>> field.add_value("4712")
    >>> field.get_name(), field.get_values()
    ('x-account', ['4711', '4712'])
    """

    __slots__ = ("_name", "_values")

    def __init__(self, header_field_name: str, header_value: str) -> None:
        if not (
            isinstance(header_field_name, str)
            and header_field_name[:2].lower() == "x-"
            and _NAME_CHARACTERS.issuperset(header_field_name)
        ):
            accepted = "a name that begins with x- and consists of a-z A-Z 0-9 and -.!%*_+`'~"
            raise refuse("SIPHeaderField()", "header_field_name", header_field_name, accepted)
        self._name = header_field_name
        self._values = [_checked("SIPHeaderField()", header_value)]

    def add_value(self, header_value: str) -> None:
        """Add a further value; it is sent as a header line of its own (``SIP-6``).

        Raises:
            Error: if the value holds CR, LF or NUL, or is not a string (``SIP-4``).
        """
        self._values.append(_checked("add_value()", header_value))

    def get_name(self) -> str:
        """The name as it was given or received."""
        return self._name

    def get_values(self) -> list[str]:
        """The values in order, as a list that the caller may keep and change."""
        return list(self._values)

    @classmethod
    def _of_request(cls, name: str, value: str) -> SIPHeaderField:
        """A field as it was received: what a peer sends is shown, not judged."""
        field = cls.__new__(cls)
        field._name = name
        field._values = [value]
        return field

    def __repr__(self) -> str:
        return f"SIPHeaderField({self._name!r}, {self._values!r})"


class SIP:
    """What is special to SIP on a channel: ``channel.SIP``."""

    __slots__ = ("HeaderFieldsToSend", "_received")

    HeaderFieldsToSend: list[SIPHeaderField]
    """Header fields that ``answer()`` sends; it stays as it is after sending (``SIP-1``, ``SIP-7``)."""

    def __init__(self, received: Iterable[tuple[str, str]] = ()) -> None:
        self.HeaderFieldsToSend = []
        self._received: dict[str, SIPHeaderField] = {}
        for name, value in received:
            known = self._received.get(name.lower())
            if known is not None:
                known._values.append(value)
            else:
                self._received[name.lower()] = SIPHeaderField._of_request(name, value)

    def request_header_field(self, name: str) -> SIPHeaderField | None:
        """The custom header field of that name in the INVITE, or ``None`` (``SIP-5``).

        Names are compared without regard to letter case. Several values, in one line or several, come as one
        ``SIPHeaderField`` with the values in order (``SIP-6``). It never blocks, and works after
        the call has cleared too (``SIP-8``).

        Raises:
            Error: if ``name`` is not a string.
        """
        if not isinstance(name, str):
            raise refuse("request_header_field()", "name", name, "the name of a header field")
        return self._received.get(name.lower())

    def _to_send(self, where: str) -> list[tuple[str, str]]:
        """The values of ``HeaderFieldsToSend``, one entry for each header line."""
        fields = self.HeaderFieldsToSend
        if not fields and isinstance(fields, list):
            return []
        if not isinstance(fields, list) or not all(isinstance(field, SIPHeaderField) for field in fields):
            raise refuse(where, "SIP.HeaderFieldsToSend", fields, "a list of SIPHeaderField objects")
        return [(field._name, value) for field in fields for value in field._values]


def _checked(where: str, value: str) -> str:
    if isinstance(value, str) and not ("\r" in value or "\n" in value or "\0" in value) and is_unicode(value):
        return value
    raise refuse(where, "header_value", value, "a string without CR, LF and NUL")
