"""Settings of the nets for tests of what happens around them."""

__all__ = ["DEFAULT_NETS", "QUICK_NETS"]

#: Variables that have nets on ONNX Runtime, which loads them in a tenth of a second. What is fastest for reading takes
#: several seconds, in each replica and each actor that starts; tests of what is read keep it.
QUICK_NETS = {
    "RAYOCR_DETECTION__NET__RUNTIME": "onnxruntime",
    "RAYOCR_RECOGNITION__NET__RUNTIME": "onnxruntime",
}
#: The same variables at their defaults.
DEFAULT_NETS = dict.fromkeys(QUICK_NETS, "auto")
