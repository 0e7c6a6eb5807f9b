"""The door of KServe v2, with Triton's own client, as docling's calls it."""

import numpy as np
import pytest
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

from tests.pictures import drawn_page
from tests.service import RunningService


@pytest.fixture(scope="module")
def client(service: RunningService) -> triton.InferenceServerClient:
    return triton.InferenceServerClient(service.url.removeprefix("http://"))


@pytest.mark.parametrize("binary", [True, False])
def test_picture_is_read(client: triton.InferenceServerClient, binary: bool) -> None:
    pixels = drawn_page("INVOICE 2041", "TOTAL 13.50")[None]
    image = triton.InferInput("image", list(pixels.shape), "UINT8")
    image.set_data_from_numpy(pixels, binary_data=binary)
    language = triton.InferInput("lang_type", [1, 1], "BYTES")
    language.set_data_from_numpy(np.array([["en"]], dtype=object), binary_data=binary)
    outputs = [triton.InferRequestedOutput(name, binary_data=binary) for name in ("boxes", "txts", "scores")]
    result = client.infer("ocr", [language, image], outputs=outputs)
    texts = [text.decode() if isinstance(text, bytes) else text for text in result.as_numpy("txts")]
    assert texts == ["INVOICE 2041", "TOTAL 13.50"]
    assert result.as_numpy("boxes").shape == (2, 4, 2)
    assert (result.as_numpy("scores") > 0.9).all()


def test_server_is_ready_and_says_what_it_takes(client: triton.InferenceServerClient) -> None:
    assert client.is_server_live()
    assert client.is_server_ready()
    assert client.is_model_ready("ocr")
    assert [one["name"] for one in client.get_model_metadata("ocr")["outputs"]] == ["boxes", "txts", "scores"]
    with pytest.raises(InferenceServerException, match="there is no model 'other'"):
        client.get_model_metadata("other")
