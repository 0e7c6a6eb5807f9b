"""Finds the key that signs the webhooks of a client."""

from pathlib import Path

from models.errors import ConfigurationError
from serve.config.jobs import JobsSettings, is_webhook_secret

__all__ = ["WebhookSecrets"]


class WebhookSecrets:
    """The keys that sign webhooks. They are read from their files each time, and never kept.

    Args:
        settings: The folder of the clients' own keys, and the key of all others.
    """

    def __init__(self, settings: JobsSettings) -> None:
        self._directory = settings.webhook_secrets_directory
        self._of_others = settings.webhook_secret

    @property
    def are_set(self) -> bool:
        """Whether any client may have webhooks."""
        return self._directory is not None or self._of_others is not None

    def of(self, client: str) -> str | None:
        """Read the key of a client; None if its jobs can have no webhook.

        Args:
            client: The client's name; '' if no API keys are asked for.

        Raises:
            ConfigurationError: The client's file can't be read, or holds something else.
        """
        if client and self._directory is not None:
            try:
                secret = (Path(self._directory) / client).read_text("ascii").strip()
            except FileNotFoundError:
                pass
            except (OSError, UnicodeDecodeError) as error:
                raise _unusable(client) from error
            else:
                if not is_webhook_secret(secret):
                    raise _unusable(client)
                return secret
        return None if self._of_others is None else self._of_others.get_secret_value()


def _unusable(client: str) -> ConfigurationError:
    return ConfigurationError(
        f"the file of {client} in jobs.webhook_secrets_directory is not whsec_ and 24 to 64 bytes as base64"
    )
