"""Names of the peers, and how each is loaded."""

import enum
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

from loadtest.peers.base import LoadedPeer, PeerOptions
from loadtest.peers.faster_paddle import load_faster_paddle
from loadtest.peers.rapidocr import load_rapidocr
from loadtest.peers.rapidocr_native import load_rapidocr_native
from loadtest.peers.tesseract import load_tesseract

__all__ = ["Peer", "load_peer"]


class Peer(enum.StrEnum):
    """A peer, with the runtime and the options it is measured with."""

    RAPIDOCR_OPENVINO = "rapidocr-openvino"
    RAPIDOCR_OPENVINO_NO_CLS = "rapidocr-openvino-no-cls"
    RAPIDOCR_ONNXRUNTIME = "rapidocr-onnxruntime"
    RAPIDOCR5_SMALL = "rapidocr5-small"
    RAPIDOCR5_TINY = "rapidocr5-tiny"
    FASTER_PADDLE_SMALL = "faster-paddle-small"
    FASTER_PADDLE_TINY = "faster-paddle-tiny"
    TESSERACT = "tesseract"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _ROWS[self].label

    @property
    def environment(self) -> str:
        """Name of the lock whose packages it needs."""
        return _ROWS[self].environment


@dataclass(frozen=True)
class _Row:
    label: str
    load: Callable[[PeerOptions], LoadedPeer]
    environment: str = "peers"


_ROWS: Mapping[Peer, _Row] = {
    Peer.RAPIDOCR_OPENVINO: _Row("RapidOCR + OpenVINO", partial(load_rapidocr, "openvino")),
    Peer.RAPIDOCR_OPENVINO_NO_CLS: _Row(
        "RapidOCR + OpenVINO, use_cls=False", partial(load_rapidocr, "openvino", is_line_classifier_on=False)
    ),
    Peer.RAPIDOCR_ONNXRUNTIME: _Row("RapidOCR + ONNX Runtime", partial(load_rapidocr, "onnxruntime")),
    Peer.RAPIDOCR5_SMALL: _Row("RapidOCR 5, small", partial(load_rapidocr_native, "small"), "peers-native"),
    Peer.RAPIDOCR5_TINY: _Row("RapidOCR 5, tiny", partial(load_rapidocr_native, "tiny"), "peers-native"),
    Peer.FASTER_PADDLE_SMALL: _Row("faster-paddle, small", partial(load_faster_paddle, "small")),
    Peer.FASTER_PADDLE_TINY: _Row("faster-paddle, tiny", partial(load_faster_paddle, "tiny")),
    Peer.TESSERACT: _Row("Tesseract", load_tesseract),
}


def load_peer(peer: Peer, options: PeerOptions) -> LoadedPeer:
    """Load a peer with its nets.

    Raises:
        LoadtestError: It is not installed here; the message says how to get it.
    """
    return _ROWS[peer].load(options)
