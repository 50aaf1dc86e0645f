"""A client generated from the document, against a running server: AFSA and KEY say which."""

import os

import afsa_client
from afsa_client.exceptions import UnauthorizedException
from afsa_client.models import DimensionName, MetricName, Problem



def problem_of(error: afsa_client.ApiException) -> Problem:
    problem = Problem.from_json(error.body or "")
    assert problem is not None, error
    return problem


configuration = afsa_client.Configuration(
    host=os.environ["AFSA"], access_token=os.environ["KEY"]
)
client = afsa_client.ApiClient(configuration)

account = afsa_client.AccountsApi(client).get_account("1")
assert account.id == "00000001" and account.currency == "EUR", account
assert account.created_at.tzinfo is not None
assert account.settings.visit_timeout_minutes == 30

statistics = afsa_client.StatisticsApi(client)
summary = statistics.get_report("summary", period="30d", compare="previous_period")
assert isinstance(summary.data[0].visits, int) and summary.data[0].visits > 0, summary
assert summary.meta.timezone == "Europe/Paris" and summary.meta.report == "summary"
before = summary.data[0].previous
assert before is not None and isinstance(before.visits, int)

question = afsa_client.Question(
    period="12mo",
    metrics=[MetricName.VISITS, MetricName.REVENUE],
    dimensions=[DimensionName.CHANNEL],
    filters=["is", "device", ["desktop"]],
    limit=3,
)
answer = statistics.post_query(question)
assert len(answer.data) == 3 and answer.data[0].channel, answer
assert answer.meta.total_rows >= 3
by_parameters = statistics.get_query(
    period="12mo",
    metrics=[MetricName.VISITS, MetricName.REVENUE],
    dimensions=[DimensionName.CHANNEL],
    filters='["is","device",["desktop"]]',
    limit=3,
)
assert by_parameters.data == answer.data

orders = afsa_client.OrdersAndProductsApi(client)
page = orders.list_orders(limit=2)
assert len(page.data) == 2 and page.meta.next_cursor, page
order = orders.get_order(page.data[0].id)
assert order.items and order.revenue == page.data[0].revenue

receipt = afsa_client.CollectingApi(client).collect_hits(
    afsa_client.HitBatch(
        hits=[
            afsa_client.Hit(
                type="pageview",
                event_id="smoke-python",
                visitor_id="v-1",
                location="https://shop.example.com/",
            )
        ]
    )
)
assert receipt.accepted == 1 and receipt.rejected == [], receipt

try:
    orders.list_orders(cursor="*")
    raise SystemExit("a wrong cursor was taken")
except afsa_client.ApiException as error:
    problem = problem_of(error)
    assert error.status == 422 and problem.error == "unprocessable", error
    assert problem.errors and problem.errors[0].parameter == "cursor", problem

try:
    stranger = afsa_client.Configuration(host=configuration.host, access_token="1-wrong")
    afsa_client.AccountsApi(afsa_client.ApiClient(stranger)).list_accounts()
    raise SystemExit("a wrong key was let in")
except UnauthorizedException as error:
    assert problem_of(error).error == "access_denied"

print("python: account, summary, question, orders, hit and errors are as described")
