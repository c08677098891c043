"""What may be logged of an unforeseen exception: its type and place. Its message and its locals may quote a chart."""

from pathlib import Path


def traits_of(error: BaseException) -> dict[str, str]:
    """Fields for a log record: the exception's type, and the innermost line it came through."""
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    place = f"{Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
    return {"exception": type(error).__name__, "at": place}
