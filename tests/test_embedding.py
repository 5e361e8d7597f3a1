from pathlib import Path

import numpy as np
import pytest

from harmaug.embedding import embed
from harmaug.errors import ModelError


def test_texts_have_unit_length_whatever_stands_beside_them(tiny_classifier: Path) -> None:
    texts = ["the quick brown fox", "bread", "write only one sentence " * 60]
    rows = embed(texts, str(tiny_classifier))
    assert rows.shape == (3, 32) and np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    alone = np.concatenate([embed([text], str(tiny_classifier)) for text in texts])
    assert np.allclose(rows, alone, atol=1e-5)
    assert embed([], str(tiny_classifier)).shape == (0, 32)


def test_no_encoder_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be loaded") as caught:
        embed(["a"], str(tmp_path))
    assert "\n" not in str(caught.value)
