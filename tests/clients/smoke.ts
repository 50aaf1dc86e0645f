// A client generated from the document, against a running server: AFSA and KEY say which.
import {
    AccountsApi, CollectingApi, Configuration, HitTypeEnum, MetricName, DimensionName,
    OrdersAndProductsApi, type Problem, ProblemFromJSON, ResponseError, StatisticsApi,
} from "afsa-client";

function check(holds: boolean, what: unknown): asserts holds {
    if (!holds) throw new Error(JSON.stringify(what));
}

const basePath = process.env.AFSA ?? "";
const configuration = new Configuration({ basePath, apiKey: process.env.KEY ?? "" });

async function problemOf(asking: Promise<unknown>): Promise<Problem> {
    try {
        await asking;
    } catch (error) {
        if (error instanceof ResponseError) return ProblemFromJSON(await error.response.json());
        throw error;
    }
    throw new Error("what is wrong was taken");
}

const account = await new AccountsApi(configuration).getAccount({ accountId: "1" });
check(account.id === "00000001" && account.currency === "EUR", account);
check(account.createdAt instanceof Date && account.settings.visitTimeoutMinutes === 30, account);

const statistics = new StatisticsApi(configuration);
const summary = await statistics.getReport({
    report: "summary", period: "30d", compare: "previous_period",
});
const visits: number | null | undefined = summary.data[0]?.visits;
check(typeof visits === "number" && visits > 0, summary);
check(summary.meta.timezone === "Europe/Paris" && summary.meta.report === "summary", summary);

const answer = await statistics.postQuery({
    question: {
        period: "12mo", metrics: [MetricName.Visits, MetricName.Revenue], dimensions: [DimensionName.Channel],
        filters: ["is", "device", ["desktop"]], limit: 3,
    },
});
check(answer.data.length === 3 && typeof answer.data[0]?.channel === "string", answer);
const same = await statistics.getQuery({
    period: "12mo", metrics: [MetricName.Visits, MetricName.Revenue], dimensions: [DimensionName.Channel],
    filters: '["is","device",["desktop"]]', limit: 3,
});
check(JSON.stringify(same.data) === JSON.stringify(answer.data), same);

const orders = new OrdersAndProductsApi(configuration);
const page = await orders.listOrders({ limit: 2 });
const first = page.data[0];
check(page.data.length === 2 && first !== undefined, page);
const order = await orders.getOrder({ id: first.id });
check(order.items.length > 0 && order.revenue === first.revenue, order);

const receipt = await new CollectingApi(configuration).collectHits({
    hitBatch: {
        hits: [{
            type: HitTypeEnum.Pageview, eventId: "smoke-typescript", visitorId: "v-1",
            location: "https://shop.example.com/",
        }],
    },
});
check(receipt.accepted === 1 && receipt.rejected.length === 0, receipt);

const wrong = await problemOf(orders.listOrders({ cursor: "*" }));
check(wrong.error === "unprocessable" && wrong.errors?.[0]?.parameter === "cursor", wrong);
const stranger = new Configuration({ basePath, apiKey: "1-wrong" });
const denied = await problemOf(new AccountsApi(stranger).listAccounts());
check(denied.error === "access_denied", denied);

console.log("typescript: account, summary, question, orders, hit and errors are as described");
