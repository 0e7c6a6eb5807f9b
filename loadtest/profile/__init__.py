"""Where the CPU time of a request goes: the stages' own work, HTTP, and Ray.

The service counts the CPU time of each step of its work (`ray_rayocr_work_cpu_seconds_total`); the system counts that
of each process. What the processes used beyond the work is what Ray, HTTP and (de)serialization cost.
"""

from loadtest.profile.command import profile

__all__ = ["profile"]
