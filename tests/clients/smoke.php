<?php
// A client generated from the document, against a running server: AFSA and KEY say which.
declare(strict_types=1);

require 'GuzzleHttp/autoload.php';

$generated = $argv[1];
spl_autoload_register(static function (string $class) use ($generated): void {
    $file = $generated . '/lib/' . str_replace('\\', '/', substr($class, strlen('Afsa\\'))) . '.php';
    if (str_starts_with($class, 'Afsa\\') && is_file($file)) {
        require $file;
    }
});

function check(bool $holds, mixed $what): void
{
    if (!$holds) {
        throw new RuntimeException(print_r($what, true));
    }
}

function problemOf(callable $asking): Afsa\Model\Problem
{
    try {
        $asking();
    } catch (Afsa\ApiException $error) {
        $body = json_decode((string) $error->getResponseBody());
        return Afsa\ObjectSerializer::deserialize($body, Afsa\Model\Problem::class, []);
    }
    throw new RuntimeException('what is wrong was taken');
}

$http = new GuzzleHttp\Client();
$configured = static fn (string $key): Afsa\Configuration => (new Afsa\Configuration())
    ->setHost((string) getenv('AFSA'))
    ->setAccessToken($key);
$configuration = $configured((string) getenv('KEY'));

$account = (new Afsa\Api\AccountsApi($http, $configuration))->getAccount('1');
check($account->getId() === '00000001' && $account->getCurrency() === 'EUR', $account);
check($account->getCreatedAt() instanceof DateTime, $account);
check($account->getSettings()->getVisitTimeoutMinutes() === 30, $account);

$statistics = new Afsa\Api\StatisticsApi($http, $configuration);
$summary = $statistics->getReport('summary', null, '30d', null, null, null, 'previous_period');
check(is_int($summary->getData()[0]->getVisits()), $summary);
check($summary->getMeta()->getTimezone() === 'Europe/Paris', $summary);

$question = new Afsa\Model\Question([
    'period' => '12mo', 'metrics' => ['visits', 'revenue'], 'dimensions' => ['channel'],
    'filters' => ['is', 'device', ['desktop']], 'limit' => 3,
]);
$answer = $statistics->postQuery($question);
check(count($answer->getData()) === 3 && is_string($answer->getData()[0]->getChannel()), $answer);

$orders = new Afsa\Api\OrdersAndProductsApi($http, $configuration);
$page = $orders->listOrders(limit: 2);
check(count($page->getData()) === 2, $page);
$order = $orders->getOrder($page->getData()[0]->getId());
check($order->getRevenue() === $page->getData()[0]->getRevenue(), $order);

$hit = new Afsa\Model\Hit([
    'type' => 'pageview', 'event_id' => 'smoke-php', 'visitor_id' => 'v-1',
    'location' => 'https://shop.example.com/',
]);
$collecting = new Afsa\Api\CollectingApi($http, $configuration);
$receipt = $collecting->collectHits(new Afsa\Model\HitBatch(['hits' => [$hit]]));
check($receipt->getAccepted() === 1 && $receipt->getRejected() === [], $receipt);

$wrong = problemOf(static fn () => $orders->listOrders(cursor: '*'));
check($wrong->getError() === 'unprocessable', $wrong);
check($wrong->getErrors()[0]->getParameter() === 'cursor', $wrong);
$denied = problemOf(static fn () => (new Afsa\Api\AccountsApi($http, $configured('1-wrong')))->listAccounts());
check($denied->getError() === 'access_denied', $denied);

echo "php: account, summary, question, orders, hit and errors are as described\n";
