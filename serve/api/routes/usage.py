"""GET /v1/usage tells a client what it has used."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from serve.api.problems import JOB_PROBLEM_RESPONSES
from serve.api.service import Service, client_of, service_of
from serve.jobs.store.usage import PAGES, MonthOfUse

__all__ = ["MonthResult", "UsageResult", "router"]

router = APIRouter(tags=["usage"])


class MonthResult(BaseModel):
    """What was used in a month of UTC."""

    month: str = Field(examples=["2026-12"])
    pages: int = Field(examples=[1204], description="Pages that were read, or whose lines were found.")
    work_s: dict[str, float] = Field(
        examples=[{"decoding": 31.2, "detection": 160.9, "recognition": 702.5}],
        description="Seconds of work by stage.",
    )

    @classmethod
    def of(cls, used: MonthOfUse) -> "MonthResult":
        """Show a month of the store."""
        work = {name.removesuffix("_s"): round(amount, 3) for name, amount in used.amounts.items() if name != PAGES}
        return cls(month=used.month, pages=round(used.amounts.get(PAGES, 0)), work_s=work)


class UsageResult(BaseModel):
    """What a client has used."""

    client: str = Field(examples=["scanner-room"])
    pages_per_minute: int | None = Field(description="Its limit; null for none.")
    pages_per_month: int | None = Field(description="Its limit; null for none.")
    months: list[MonthResult] = Field(description="The latest month first. Numbers may be some seconds old.")


@router.get("/v1/usage", summary="Show what you have used", responses={503: JOB_PROBLEM_RESPONSES[503]})
async def show_usage(request: Request, service: Annotated[Service, Depends(service_of)]) -> UsageResult:
    """Show the pages that were read for the client whose API key the request carries, and the work that they took."""
    client, jobs = client_of(request), service.jobs
    assert jobs is not None  # the route exists only with a store
    access = service.rights.of(client)
    months = await jobs.in_store(jobs.store.usage.months, client, for_client=True)
    return UsageResult(
        client=client,
        pages_per_minute=access.pages_per_minute,
        pages_per_month=access.pages_per_month,
        months=[MonthResult.of(month) for month in months],
    )
