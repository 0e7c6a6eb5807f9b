"""Reading pages: the lines of documents and those of scenes each by the net that suits them."""

from dataclasses import dataclass

from models.direction import LineDirection
from models.manifests.manifest import RecognitionManifest
from models.page import Page, Quads
from models.recognition.recognizer import ReadLines, TextRecognizer
from models.recognition.widths import SCENE_LINES, common_shapes, scene_shapes
from models.runtime import check_net
from models.settings import NetSettings, RecognitionOptions

__all__ = ["PageRecognizer"]


@dataclass(frozen=True, slots=True)
class PageRecognizer:
    """Two recognizers, or one for both kinds of page where the manifest or the precision knows no difference.

    Args:
        documents: For pages of many lines.
        scenes: For pages of a few words, whose recognition 8-bit integers disturb more.
    """

    documents: TextRecognizer
    scenes: TextRecognizer

    @classmethod
    def load(
        cls,
        manifest: RecognitionManifest,
        settings: NetSettings,
        direction: LineDirection | None = None,
        *,
        is_prepared: bool = True,
    ) -> "PageRecognizer":
        """Check and load the manifest's net.

        Args:
            manifest: Of the net.
            settings: How it runs.
            direction: Tells lines that are upside down; None: they are read as they stand.
            is_prepared: Whether it is made ready for the usual widths of lines: that takes some seconds, and saves a
                third of the time of each short line.

        Raises:
            ConfigurationError: See `TextRecognizer.load`.
        """
        multiple = manifest.width_multiple_px
        common = common_shapes(multiple) if is_prepared else ()
        documents = TextRecognizer.load(manifest.for_documents(), settings, common, direction=direction)
        _, _, precision = check_net(settings, manifest)
        if precision != "int8" or manifest.int8_documents is None:
            return cls(documents, documents)
        # Where both are, most pages are documents: scenes' few words are worth fewer nets.
        rare = scene_shapes(multiple) if is_prepared else ()
        scenes = TextRecognizer.load(manifest, settings, rare, beside=documents, direction=direction)
        return cls(documents, scenes)

    def of_page(self, lines: int) -> TextRecognizer:
        """The one for a page of so many lines."""
        return self.scenes if lines <= SCENE_LINES else self.documents

    def recognize(
        self, page: Page, quads: Quads, options: RecognitionOptions, *, with_characters: bool = False
    ) -> ReadLines:
        """Read the lines of one page. As many threads as the net's may do so at a time."""
        return self.of_page(len(quads)).recognize(page, quads, options, with_characters=with_characters)
