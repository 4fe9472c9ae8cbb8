"""Addresses of people in the form that vendors take: phone numbers in E.164, e-mail addresses.

The one rule: what cannot be an address is refused here, before anything is sent, in words that say what is wrong with it.
"""

from __future__ import annotations

from email.utils import getaddresses

from recipe_engine.plugin.errors import Terminal


def phone_number(text: str, region: str | None = None) -> str:
    """A phone number in E.164 (`+33639980001`), however it is written. A national number needs `region`, the country it
    is of (`FR`).

    Raises Terminal `invalid_recipient`. Whether somebody answers there only the vendor knows.
    """
    import phonenumbers

    region = region.upper() if region else None
    if region is not None and region not in phonenumbers.SUPPORTED_REGIONS:
        raise Terminal(f"{region!r} is no country of phone numbers", code="invalid_region", detail="such as FR, BE, CH")
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        national = error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and not region
        detail = "write it with +33..., or say which country national numbers are of" if national else str(error)
        raise _refused(text, "a phone number", detail) from error
    reason = phonenumbers.is_possible_number_with_reason(number)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise _refused(
            text, "a phone number", phonenumbers.ValidationResult.to_string(reason).lower().replace("_", " ")
        )
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email_addresses(*texts: str) -> list[str]:
    """The addresses in texts such as `Ada <ada@example.org>, bob@example.org`, checked and written anew; names of domains
    in ASCII.

    Raises Terminal `invalid_recipient`. Nobody is asked whether the address exists.
    """
    return [_email(name, spec, text) for text in texts for name, spec in getaddresses([text]) or [("", "")]]


def _email(name: str, spec: str, text: str) -> str:
    from email.headerregistry import Address

    from email_validator import EmailNotValidError, validate_email

    # The parser repairs what it can (`a@b c` to `a@bc`); an address that was not written is none.
    if not spec or spec not in text:
        raise _refused(text, "an e-mail address", "")
    try:
        checked = validate_email(spec, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError as error:
        raise _refused(text, "an e-mail address", str(error)) from error
    address = checked.ascii_email or checked.normalized
    return str(Address(display_name=name, addr_spec=address)) if name else address


def _refused(text: str, what: str, detail: str) -> Terminal:
    return Terminal(f"{text[:100]!r} is not {what}", code="invalid_recipient", detail=detail)
