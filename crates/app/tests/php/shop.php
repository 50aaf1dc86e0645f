<?php
// Sends a form as the published clients of shops do, and prints what their pages would be handed.
//
//     php shop.php wordpress|guzzle|uncut URL < {"fields": {…}}
//
// It prints {"status": …, "answer": …}. The answer went through PHP's arrays, as theirs does: {} has
// become [], and names 0, 1, 2 … a list.
declare(strict_types=1);

[, $client, $url] = $argv;
$fields = json_decode(stream_get_contents(STDIN), true, 512, JSON_THROW_ON_ERROR)['fields'];

/** What a page of WordPress finds in $_POST, after it was cleaned. */
function cleaned_by_wordpress(mixed $value): mixed
{
    if (is_array($value)) {
        return array_map(cleaned_by_wordpress(...), $value);
    }
    $text = addslashes((string) $value);
    if (str_contains($text, '<')) {
        $text = strip_tags($text);
    }
    $text = trim(preg_replace('/[\r\n\t ]+/', ' ', $text));
    while (preg_match('/%[a-f0-9]{2}/i', $text, $found)) {
        $text = str_replace($found[0], '', $text);
    }
    return trim(preg_replace('/ +/', ' ', $text));
}

/** What PHP takes of a form: no more than max_input_vars of its fields. */
function received(array $fields): array
{
    @parse_str(http_build_query($fields), $received);
    return $received;
}

/** WordPress's own HTTP, by streams. */
function posted_by_streams(string $url, string $form): array
{
    $context = stream_context_create(['http' => [
        'method' => 'POST',
        'protocol_version' => 1.0,
        'header' => "Content-Type: application/x-www-form-urlencoded; charset=UTF-8\r\n"
            . "Accept: */*\r\nUser-Agent: WordPress/6.5; https://shop.example.com\r\nConnection: close",
        'content' => $form,
        'ignore_errors' => true,
    ]]);
    $body = file_get_contents($url, false, $context);
    preg_match('/^HTTP\/1\.[01] (\d+)/', $http_response_header[0], $found);
    return [(int) $found[1], $body];
}

/** Guzzle's handler: curl, without Accept. */
function posted_by_curl(string $url, string $form): array
{
    $curl = curl_init($url);
    curl_setopt_array($curl, [
        CURLOPT_POST => true,
        CURLOPT_POSTFIELDS => $form,
        CURLOPT_HTTPHEADER => ['Accept:', 'Expect:', 'Content-Type: application/x-www-form-urlencoded'],
        CURLOPT_RETURNTRANSFER => true,
    ]);
    $body = curl_exec($curl);
    return [curl_getinfo($curl, CURLINFO_RESPONSE_CODE), $body];
}

[$status, $body] = match ($client) {
    // The page of the shop gets the form of a browser first; then the shop sends it on.
    'wordpress' => posted_by_streams($url, http_build_query(cleaned_by_wordpress(received($fields)), '', '&')),
    'guzzle' => posted_by_curl($url, http_build_query(received($fields), '', '&')),
    'uncut' => posted_by_curl($url, http_build_query($fields, '', '&')),
};
$answer = json_decode($body, true);
$report = ['status' => $status, 'answer' => $answer];
foreach ($answer['performed_actions'] ?? [] as $uid => $action) {
    // What the clients themselves read, with the types that they rely on.
    if (str_starts_with((string) $uid, 'account_infos:')) {
        $report['account'] = strlen($action['id']) . ' ' . $action['id'] . ' ' . $action['plan']['id'];
    }
    foreach ($action['metas']['custom'] ?? [] as $name => $ids) {
        $report['custom'][$name] = implode(',', array_map(strval(...), $ids));
    }
}
echo json_encode($report, JSON_THROW_ON_ERROR);
