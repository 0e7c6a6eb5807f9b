from serve.jobs.records import equal_weight
from serve.jobs.store.fairness import JobShare, OwnerShare, share_out


def owner(name: str, virtual: float = 0.0, ready: int = 100) -> OwnerShare:
    return OwnerShare(name, virtual, ready, served=0.0, jobs_served=0.0)


def one_job(_owner: str) -> list[JobShare]:
    return [JobShare(1, 0.0, 100)]


def granted(served: list[OwnerShare]) -> dict[str, int]:
    return {share.owner: share.granted for share in served}


def test_least_virtual_time_is_served_until_others_are_reached() -> None:
    served = share_out([owner("ahead", 3.0), owner("behind")], one_job, equal_weight, 5)
    assert granted(served) == {"behind": 4, "ahead": 1}  # equal times: by name


def test_weight_stretches_time() -> None:
    served = share_out([owner("half"), owner("whole")], one_job, lambda name: 0.5 if name == "half" else 1.0, 9)
    assert granted(served) == {"half": 3, "whole": 6}


def test_no_more_is_granted_than_there_is() -> None:
    served = share_out([owner("one", ready=1), owner("idle", ready=0)], one_job, equal_weight, 50)
    assert granted(served) == {"one": 1}


def test_jobs_of_an_owner_take_turns() -> None:
    jobs = [JobShare(1, 8.0, 100), JobShare(2, 5.0, 2), JobShare(3, 7.0, 100)]
    served = share_out([owner("one")], lambda _: jobs, equal_weight, 6)
    assert [job.granted for job in served[0].jobs] == [2, 2, 2]
    assert [job.virtual for job in served[0].jobs] == [10.0, 7.0, 9.0]
    assert served[0].jobs_served == 9.0


def test_times_tell_where_service_is() -> None:
    served = share_out([owner("one", virtual=4.0)], one_job, lambda _: 2.0, 3)
    assert (served[0].virtual, served[0].served) == (5.5, 5.0)
