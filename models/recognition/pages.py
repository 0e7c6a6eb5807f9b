"""Reads pages: the lines of documents by one net, and those of scenes by another."""

from collections.abc import Sequence
from dataclasses import dataclass

from models.direction import LineDirection
from models.manifests.manifest import RecognitionManifest
from models.page import Page, Quads
from models.recognition.other_languages import OtherLanguages
from models.recognition.recognizer import ReadLines, TextRecognizer
from models.recognition.widths import SCENE_LINES, common_shapes, scene_shapes
from models.runtime import check_net
from models.settings import NetSettings, RecognitionOptions

__all__ = ["PageRecognizer"]


@dataclass(frozen=True, slots=True)
class PageRecognizer:
    """Two recognizers, or one for both kinds of page if the manifest or the precision makes no difference.

    Args:
        documents: The recognizer for pages of many lines.
        scenes: The recognizer for pages of a few words, which 8-bit integers harm more.
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
        others: OtherLanguages | None = None,
    ) -> "PageRecognizer":
        """Check and load the manifest's net.

        Args:
            manifest: The net's description.
            settings: Where and how the net runs.
            direction: Tells lines that are upside down. None reads every line as it stands.
            is_prepared: Whether the net is prepared for the usual widths of lines. That takes some seconds, and saves a
                third of the time of each short line.
            others: Reads languages that the net does not know. None reads every line with the net.

        Raises:
            ConfigurationError: A file is missing or not the manifest's, or this machine can't meet the settings.
        """
        multiple = manifest.width_multiple_px
        common = common_shapes(multiple, manifest.width_px) if is_prepared else ()
        documents = TextRecognizer.load(manifest.for_documents(), settings, common, direction=direction, others=others)
        _, _, precision = check_net(settings, manifest)
        if precision != "int8" or manifest.int8_documents is None:
            return cls(documents, documents)
        # If there are both, most pages are documents: the few words of scenes are worth fewer nets.
        rare = scene_shapes(multiple) if is_prepared else ()
        scenes = TextRecognizer.load(manifest, settings, rare, documents, direction, others)
        return cls(documents, scenes)

    def of_page(self, lines: int) -> TextRecognizer:
        """The recognizer for a page of so many lines."""
        return self.scenes if lines <= SCENE_LINES else self.documents

    def recognize(
        self,
        page: Page,
        quads: Quads,
        options: RecognitionOptions,
        *,
        with_characters: bool = False,
        languages: Sequence[str] = (),
    ) -> ReadLines:
        """Read the lines of one page. As many threads as the net has may do so at a time.

        Arguments and errors are those of `TextRecognizer.steps`.
        """
        recognizer = self.of_page(len(quads))
        return recognizer.recognize(page, quads, options, with_characters=with_characters, languages=languages)
