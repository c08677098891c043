"""Entity tags (RFC 9110, section 8.8.3)."""


def etag_of(digest: str) -> str:
    """The strong tag of a body with this digest."""
    return f'"{digest[:32]}"'


def matches(if_none_match: str, etag: str) -> bool:
    """Whether a client says that it holds this version already; the comparison is the weak one."""
    tags = {tag.strip().removeprefix("W/") for tag in if_none_match.split(",")}
    return "*" in tags or etag in tags
