"""Decides whether the stages share replicas, and prepares the arguments of such a replica."""

from typing import TYPE_CHECKING, Any

from models.errors import ConfigurationError
from models.manifests import load_manifest
from models.runtime import resolve_device
from serve.config.settings import Settings

if TYPE_CHECKING:
    from deployments.stages.reader import ReaderSetup

__all__ = ["is_colocated", "reader_setup", "with_structure"]

# A stage for which one of these is set needs replicas of its own.
_OF_REPLICAS = (
    "num_cpus",
    "num_gpus",
    "label_selector",
    "max_ongoing_requests",
    "max_queued_requests",
    "graceful_shutdown_s",
    "scaling",
)


def is_colocated(settings: Settings, *, otherwise: bool) -> bool:
    """Whether each replica holds all stages, in place of a replica for each.

    Args:
        settings: The whole tree.
        otherwise: The answer if the settings leave it open: no net runs on a GPU, and no stage has settings for its own
            replicas.

    Raises:
        ConfigurationError: The settings ask for both.
    """
    own = [
        f"{name}.{setting}"
        for name, stage in settings.stages().items()
        for setting in _OF_REPLICAS
        if setting in stage.model_fields_set
    ]
    if settings.colocated is None:
        nets = (settings.detection.net, settings.recognition.net)
        on_gpu = any(resolve_device(net.device, net.runtime).kind == "cuda" for net in nets)
        return otherwise and not own and not on_gpu
    if settings.colocated and own:
        raise ConfigurationError(
            f"colocated is true, so that no stage has replicas of its own, but {own[0]} is set: set "
            f"reader.{own[0].partition('.')[2]} in its place, or colocated to false"
        )
    return settings.colocated


def with_structure(settings: Settings, *, colocated: bool) -> Settings:
    """Decide whether structure may be asked for, if the settings leave it open.

    Args:
        settings: The whole tree.
        colocated: Whether the stages share replicas.
    """
    if settings.structure.enabled is not None:
        return settings
    structure = settings.structure.model_copy(update={"enabled": colocated})
    return settings.model_copy(update={"structure": structure})


def reader_setup(settings: Settings, **others: Any) -> "ReaderSetup":
    """Gather everything that a reader of all stages is built from.

    Args:
        settings: The whole tree.
        others: Values that the settings do not hold, or that go before them, by their names in `ReaderSetup`.
    """
    from deployments.stages.reader import ReaderSetup  # with all that the stages need

    own = {name: getattr(settings, name) for name in ("reader", "storage", *settings.stages())}
    if "manifest" not in others:
        own["manifest"] = load_manifest(settings.bundle)
    return ReaderSetup(**{**own, **others})
