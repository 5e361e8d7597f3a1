"""What a run would do and cost, before it does."""

from harmaug.plan.machines import Machine, load_machine
from harmaug.plan.pilot import Pilot
from harmaug.plan.plan import Plan, make_plan
from harmaug.plan.price import Stage

__all__ = ["Machine", "Pilot", "Plan", "Stage", "load_machine", "make_plan"]
