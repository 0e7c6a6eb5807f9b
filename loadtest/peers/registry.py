"""Names of the peers, and how each is loaded."""

import enum
from collections.abc import Callable, Mapping
from functools import partial

from loadtest.peers.base import LoadedPeer, PeerOptions
from loadtest.peers.rapidocr import load_rapidocr
from loadtest.peers.tesseract import load_tesseract

__all__ = ["Peer", "load_peer"]


class Peer(enum.StrEnum):
    """A peer, with the runtime and the options it is measured with."""

    RAPIDOCR_OPENVINO = "rapidocr-openvino"
    RAPIDOCR_OPENVINO_NO_CLS = "rapidocr-openvino-no-cls"
    RAPIDOCR_ONNXRUNTIME = "rapidocr-onnxruntime"
    TESSERACT = "tesseract"

    @property
    def label(self) -> str:
        """Its name for people."""
        return _LABELS[self]


_LABELS: Mapping[Peer, str] = {
    Peer.RAPIDOCR_OPENVINO: "RapidOCR + OpenVINO",
    Peer.RAPIDOCR_OPENVINO_NO_CLS: "RapidOCR + OpenVINO, use_cls=False",
    Peer.RAPIDOCR_ONNXRUNTIME: "RapidOCR + ONNX Runtime",
    Peer.TESSERACT: "Tesseract",
}
_LOADERS: Mapping[Peer, Callable[[PeerOptions], LoadedPeer]] = {
    Peer.RAPIDOCR_OPENVINO: partial(load_rapidocr, "openvino"),
    Peer.RAPIDOCR_OPENVINO_NO_CLS: partial(load_rapidocr, "openvino", is_line_classifier_on=False),
    Peer.RAPIDOCR_ONNXRUNTIME: partial(load_rapidocr, "onnxruntime"),
    Peer.TESSERACT: load_tesseract,
}


def load_peer(peer: Peer, options: PeerOptions) -> LoadedPeer:
    """Load a peer with its nets.

    Raises:
        LoadtestError: It is not installed here; the message says how to get it.
    """
    return _LOADERS[peer](options)
