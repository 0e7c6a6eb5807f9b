"""Whether the three stages share replicas."""

from models.errors import ConfigurationError
from models.runtime import resolve_device
from serve.config.settings import Settings

__all__ = ["is_colocated"]

# Set for one stage, each of these asks for replicas of its own.
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
    """Whether each replica holds all three stages, in place of a replica for each.

    Args:
        settings: The whole tree.
        otherwise: What holds where the settings leave it open: no net runs on a GPU, and no stage has settings of its
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
