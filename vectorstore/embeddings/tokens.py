"""Tokenizing without transformers, which takes seconds to import."""

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer

from core.errors import SettingsInvalid


class Tokens:
    """A model's tokenizer: counts whole texts, and encodes them cut to what the model reads."""

    def __init__(self, folder: Path, max_tokens: int) -> None:
        path = folder / "tokenizer.json"
        if not path.is_file():
            raise SettingsInvalid(f"{path} is missing: set ANAMNESIS_EMBEDDING__BACKEND=huggingface for this model")
        # Files carry a truncation and a padding of their own, often shorter than the model reads.
        self._whole = Tokenizer.from_file(str(path))
        self._whole.no_truncation()
        self._whole.no_padding()
        self._cut = Tokenizer.from_file(str(path))
        self._cut.enable_truncation(max_tokens)
        self._cut.no_padding()

    def count(self, text: str) -> int:
        """Tokens of a text, without those the model puts around it."""
        return len(self._whole.encode_batch_fast([text], add_special_tokens=False)[0])

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Token ids of each text, with those the model puts around it."""
        return [encoding.ids for encoding in self._cut.encode_batch_fast(list(texts))]
