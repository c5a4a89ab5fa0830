"""Budgets: how much money calls may cost in a period."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import Field

from modelbay.gateway.api.fields import Answer, Body, Page, PageQuery, moment, moment_or_none
from modelbay.gateway.api.operation import Operation
from modelbay.gateway.api.pages import cut_list
from modelbay.gateway.api.reply import Reply
from modelbay.gateway.api.request import BodyT, Request
from modelbay.platform.limits import budgets as rules
from modelbay.platform.limits.budgets import Action, Budget, Scope
from modelbay.platform.limits.periods import Period

Money = Annotated[str, Field(pattern=r"^[0-9]{1,15}(\.[0-9]{1,12})?$", examples=["12.50"])]
_PARAMETERS: Final = {"budget": "The id of a budget."}


class BudgetAnswer(Answer):
    """A budget, and where it stands in its period."""

    id: str = Field(description="The budget's id.")
    scope: Scope = Field(description="Whose calls it counts.")
    target: str = Field(description="The member, key or pattern of models; empty for the workspace.")
    amount: str = Field(description="At most so much in a period, exact.")
    currency: str = Field(description="What it is in.")
    period: Period = Field(description="How long it counts before it begins anew, from midnight UTC.")
    action: Action = Field(description="What happens to calls that it has no money for.")
    unpriced: str | None = Field(
        description="What a call counts whose price is not known; null refuses such calls."
    )
    used: str = Field(description="What was spent in this period.")
    held: str = Field(description="What calls under way may spend at most.")
    left: str = Field(
        description="What nobody has spent or holds; below zero where calls were only warned of."
    )
    ends: datetime | None = Field(description="When the next period begins; null if there is none.")
    created: datetime = Field(description="When it was made.")
    version: int = Field(description="It rises with every change.")


class Budgets(Page[BudgetAnswer]):
    """A page of budgets, the oldest first."""


class NewBudget(Body):
    """A new budget."""

    amount: Money = Field(description="At most so much in a period.")
    currency: str = Field("USD", pattern="^[A-Z]{3}$", description="Three letters.")
    period: Period = Field(Period.MONTH, strict=False, description="From midnight UTC.")
    scope: Scope = Field(Scope.WORKSPACE, strict=False, description="Whose calls it counts.")
    target: str = Field(
        "",
        max_length=200,
        description="A member's id; a key's, which counts the keys made from it too; a pattern of "
        "`provider/model`; empty for the workspace.",
    )
    action: Action = Field(Action.REFUSE, strict=False, description="`warn` makes calls with a note.")
    unpriced: Money | None = Field(
        None, description="What a call counts whose price is not known; null refuses such calls."
    )


class ChangedBudget(Body):
    """What becomes of a budget; what is left out stays."""

    amount: Money | None = Field(None, description="At most so much in a period.")
    action: Action | None = Field(None, strict=False, description="What happens to calls beyond it.")
    unpriced: Money | None = Field(
        None, description="What a call counts whose price is not known; null, if it is given, refuses them."
    )
    version: int | None = Field(None, ge=1, description="The version that was seen; else `If-Match`.")


def _answer(budget: Budget) -> BudgetAnswer:
    row = budget.row
    return BudgetAnswer(
        id=row.id,
        scope=Scope(row.scope),
        target=row.target,
        amount=f"{row.amount:f}",
        currency=row.currency,
        period=Period(row.period),
        action=Action(row.action),
        unpriced=None if row.unpriced is None else f"{row.unpriced:f}",
        used=f"{budget.used:f}",
        held=f"{budget.held:f}",
        left=f"{budget.left:f}",
        ends=moment_or_none(budget.ends),
        created=moment(row.created),
        version=row.version,
    )


async def list_budgets(request: Request[None, PageQuery]) -> Reply:
    """List budgets."""
    found = await request.run(rules.list_budgets, request.workspace)
    kept, following = cut_list(request, found, lambda each: each.row.id)
    return Reply(Budgets(items=[_answer(each) for each in kept], next=following))


async def read(request: Request[None, None]) -> Reply:
    """Return a budget."""
    return await _told(request, request.params["budget"])


async def create(request: Request[NewBudget, None]) -> Reply:
    """Make a budget."""
    terms = request.body.model_dump()
    row = await request.run(rules.create_budget, request.workspace, actor=request.actor, **terms)
    return await _told(request, row.id)


async def change(request: Request[ChangedBudget, None]) -> Reply:
    """Change a budget."""
    body = request.body
    row = await request.run(
        rules.change_budget,
        request.workspace,
        request.params["budget"],
        amount=body.amount,
        action=body.action,
        unpriced=body.unpriced,
        refuse_unpriced="unpriced" in body.model_fields_set and body.unpriced is None,
        version=request.version,
        actor=request.actor,
    )
    return await _told(request, row.id)


async def delete(request: Request[None, None]) -> Reply:
    """Delete a budget."""
    await request.run(
        rules.delete_budget,
        request.workspace,
        request.params["budget"],
        version=request.version,
        actor=request.actor,
    )
    return Reply()


async def _told(request: Request[BodyT, None], budget_id: str) -> Reply:
    found = await request.run(rules.get_budget, request.workspace, budget_id)
    return Reply(_answer(found), version=found.row.version)


_ALL: Final = "/api/workspaces/{workspace}/budgets"
_ONE: Final = "/api/workspaces/{workspace}/budgets/{budget}"

OPERATIONS: Final = [
    Operation(
        id="listBudgets",
        method="GET",
        path=_ALL,
        action="budget.read",
        summary="List the budgets of a workspace, with what was spent and what calls under way hold.",
        serve=list_budgets,
        query=PageQuery,
        answer=Budgets,
    ),
    Operation(
        id="createBudget",
        method="POST",
        path=_ALL,
        action="budget.set",
        summary="Make a budget; what was spent in its period before counts.",
        serve=create,
        body=NewBudget,
        answer=BudgetAnswer,
        status=201,
        versioned=True,
        errors=(404, 409),
    ),
    Operation(
        id="getBudget",
        method="GET",
        path=_ONE,
        action="budget.read",
        summary="Return a budget, and where it stands.",
        serve=read,
        answer=BudgetAnswer,
        versioned=True,
        parameters=_PARAMETERS,
    ),
    Operation(
        id="changeBudget",
        method="PATCH",
        path=_ONE,
        action="budget.set",
        summary="Change a budget; running gateways count by it within a second.",
        serve=change,
        body=ChangedBudget,
        answer=BudgetAnswer,
        versioned=True,
        errors=(409,),
        parameters=_PARAMETERS,
    ),
    Operation(
        id="deleteBudget",
        method="DELETE",
        path=_ONE,
        action="budget.delete",
        summary="Delete a budget.",
        serve=delete,
        status=204,
        versioned=True,
        parameters=_PARAMETERS,
    ),
]
