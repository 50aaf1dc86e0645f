<?php
// The page of a shop with the dashboard in it, and the address behind it, as the published clients
// make them; served by `php -S`. What the server answers goes through PHP's arrays here.
declare(strict_types=1);

$afsa = getenv('AFSA');
$path = parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH);

if ($path === '/ajax') {
    header('Content-Type: application/json');
    $fail = $_GET['fail'] ?? '';
    if ($fail === 'session') {
        exit('{"error":401}');
    }
    if ($fail === 'nothing') {
        exit('null');
    }
    if ($fail === 'html') {
        header('Content-Type: text/html');
        exit('<!DOCTYPE html><title>Sign in</title>');
    }
    if (empty($_POST['actions']) || ($_POST['s_nonce'] ?? '') !== 'nonce') {
        exit('{"error":"no action requested"}');
    }
    // As WordPress cleans what it was sent.
    $actions = array_map(
        fn ($text) => is_string($text) ? trim(preg_replace('/%[a-f0-9]{2}/i', '', strip_tags(addslashes($text)))) : $text,
        $_POST['actions'],
    );
    $form = http_build_query(['actions' => $actions, 'api_key' => getenv('AFSA_KEY')], '', '&');
    $body = file_get_contents("$afsa/v1/stats/batch", false, stream_context_create(['http' => [
        'method' => 'POST',
        'protocol_version' => 1.0,
        'header' => "Content-Type: application/x-www-form-urlencoded\r\nAccept: */*",
        'content' => $form,
        'ignore_errors' => true,
    ]]));
    exit(json_encode(json_decode($body, true)));
}
if ($path !== '/') {
    http_response_code(404);
    exit;
}
$config = [
    'host' => 'wordpress',
    'type' => 'all',
    'env' => ['host' => 'wordpress'],
    'lng' => $_GET['lng'] ?? 'en',
    'account_id' => $_GET['account'] ?? '00000001',
    'access_key' => '',
    'account_infos' => [],
    'ecom' => ['enabled' => ($_GET['ecom'] ?? '') === '1', 'level' => 'advanced', 'currency' => 'EUR'],
    'ajax' => ['server' => '/ajax?fail=' . rawurlencode($_GET['fail'] ?? ''), 'data_context_enabled' => 1],
    'dashboard' => ['parent' => '#board', 'host' => 'wordpress', 'container' => ['template' => 'traffic'],
        'forced_theme' => $_GET['theme'] ?? 'main'],
    'context' => ['visitors' => [], 'products' => []],
];
?>
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8"><title>A shop</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="<?= $afsa ?>/assets/css/wordpress/current/packed.css?ver=1">
<script>
var s_nonce = "nonce";
var AFSA_dashboard_config = <?= json_encode($config, JSON_HEX_TAG) ?>;
if (typeof $ === "function") $(function () { AFSA.dashboard.container().run(); });
</script>
</head>
<body>
<h1>Back office</h1>
<div id="board"></div>
<?php if (isset($_GET['small'])) { ?>
<div id="small">
<div class="afsa_requested_widget" data-type="topmenubar"></div>
<div class="afsa_requested_widget" data-type="Overview" data-options="{}"></div>
<div class="afsa_requested_widget" data-type="config"></div>
</div>
<?php } ?>
<script src="<?= $afsa ?>/assets/js/common/current/d3.min.js"></script>
<script src="<?= $afsa ?>/assets/js/common/current/c3.min.js"></script>
<script src="<?= $afsa ?>/assets/js/common/current/chart.engine.js"></script>
<script src="<?= $afsa ?>/assets/js/common/current/dashboard.js"></script>
<script>
AFSA.hook.prepareAjaxData = function (data) { data.s_nonce = s_nonce; return data; };
</script>
</body>
</html>
