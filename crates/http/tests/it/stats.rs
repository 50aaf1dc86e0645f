use axum::body::Bytes;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::{Map, Value, json};

use crate::app::{App, request};

#[tokio::test]
async fn a_report_is_answered() {
    let app = App::new();
    let answer = app
        .get("/v1/stats/countries?period=7d&include=totals")
        .await
        .expect(200)
        .json();
    assert_eq!(answer["meta"]["report"], "countries");
    assert_eq!(answer["meta"]["from"], "2026-10-26T00:00:00+01:00");
    assert_eq!(answer["meta"]["to"], "2026-11-02T00:00:00+01:00");
    assert_eq!(answer["meta"]["as_of"], "2026-11-02T10:00:00Z");
    assert_eq!(answer["meta"]["currency"], "EUR");
    assert_eq!(answer["data"][0]["country"], "FR");
    assert_eq!(answer["data"][0]["visitors"], 2);
    assert_eq!(answer["data"][0]["visits"], 3);
    assert_eq!(answer["totals"]["visitors"], 3);
    assert!(answer["totals"].get("country").is_none());
}

#[tokio::test]
async fn what_is_echoed_gives_the_same() {
    let app = App::new();
    let paths = [
        "/v1/stats/pages?period=7d&compare=previous_period&limit=1&offset=1&include=totals",
        "/v1/stats/visits?period=today&interval=hour&include=empty",
        "/v1/stats/realtime",
        "/v1/stats/query?metrics=visits&dimensions=time:day,country&period=all&order_by=visits:asc",
        "/v1/stats/downloads?period=30d",
        "/v1/stats/query?metrics=visitors,percentage&dimensions=page&filters=\
         [%22and%22,[%22is%22,%22country%22,[%22FR%22]],[%22ge%22,%22visitors%22,1]]&period=all",
    ];
    for path in paths {
        let mut asked = app.get(path).await.expect(200).json();
        let echo = asked["query"].clone();
        let mut again = app.post("/v1/stats/query", echo).await.expect(200).json();
        // A question knows no more that it began as a report.
        for answer in [&mut asked, &mut again] {
            answer["meta"].as_object_mut().unwrap().remove("report");
        }
        assert_eq!(again, asked, "{path}");
    }
}

#[tokio::test]
async fn segments_join_the_filters() {
    let app = App::new();
    let segment = json!({"name": "French", "filters": ["is", "country", ["FR"]]});
    let made = app
        .post("/v1/accounts/1/segments", segment)
        .await
        .expect(201)
        .json();
    let path = format!(
        "/v1/stats/query?metrics=visitors&period=all&segment={}",
        made["id"]
    );
    let answer = app.get(&path).await.expect(200).json();
    assert_eq!(answer["data"][0]["visitors"], 2);
    let problem = app
        .get("/v1/stats/summary?segment=99")
        .await
        .problem(422, "unprocessable");
    assert_eq!(problem["errors"][0]["parameter"], "segment");
}

#[tokio::test]
async fn every_fault_is_told_at_once_with_its_place() {
    let app = App::new();
    let path = "/v1/stats/query?metrics=vistors&dimensions=contry&limit=lots&perod=7d&offset=1&offset=2\
        &filters=[%22is%22,%22nothing%22,[%22x%22]]&segment=7&format=xml";
    let problem = app.get(path).await.problem(400, "invalid_request");
    let faults = problem["errors"].as_array().unwrap();
    let mut parameters: Vec<&str> = faults
        .iter()
        .map(|fault| fault["parameter"].as_str().unwrap())
        .collect();
    parameters.sort_unstable();
    let expected = [
        "dimensions",
        "filters",
        "format",
        "limit",
        "metrics",
        "offset",
        "perod",
        "segment",
    ];
    assert_eq!(parameters, expected, "{problem:#}");
    let of = |name: &str| {
        faults
            .iter()
            .find(|fault| fault["parameter"] == name)
            .unwrap()
    };
    assert!(
        of("metrics")["detail"]
            .as_str()
            .unwrap()
            .contains("`visitors`")
    );
    assert!(
        of("perod")["allowed"]
            .as_array()
            .unwrap()
            .contains(&json!("period"))
    );
    assert_eq!(of("filters")["pointer"], "/filters/1");

    let body = json!({"metrics": ["vistors"], "limt": 3, "filters": ["is"], "offset": -1});
    let problem = app
        .post("/v1/stats/query", body)
        .await
        .problem(400, "invalid_request");
    let mut pointers: Vec<&str> = problem["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fault| fault["pointer"].as_str().unwrap())
        .collect();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        ["/filters", "/limt", "/metrics/0", "/offset"],
        "{problem:#}"
    );
}

#[tokio::test]
async fn what_has_no_reading_is_unprocessable() {
    let app = App::new();
    let problem = app.get("/v1/stats/query?metrics=percentage").await;
    let problem = problem.problem(422, "unprocessable");
    assert!(
        !problem["errors"][0]["allowed"]
            .as_array()
            .unwrap()
            .is_empty(),
        "{problem}"
    );
}

#[tokio::test]
async fn reports_that_there_are_not() {
    let app = App::new();
    let problem = app.get("/v1/stats/pagse").await.problem(404, "not_found");
    assert!(
        problem["errors"][0]["allowed"]
            .as_array()
            .unwrap()
            .contains(&json!("pages"))
    );
}

#[tokio::test]
async fn every_listed_report_is_answered() {
    let app = App::new();
    let reports = app.get("/v1/stats/reports").await.expect(200).json();
    let reports = reports["data"].as_array().unwrap();
    assert!(reports.len() > 30);
    let schemas = crate::document::Schemas::new();
    for report in reports {
        let name = report["name"].as_str().unwrap();
        let answer = app
            .get(&format!("/v1/stats/{name}?period=all"))
            .await
            .expect(200)
            .json();
        let schema = json!({"$ref": "#/components/schemas/StatisticsAnswer"});
        schemas.check(&schema, &answer, name);
    }
}

#[tokio::test]
async fn tables_are_the_same_in_every_format() {
    let app = App::new();
    let question = "metrics=visitors,visits,bounce_rate,revenue&dimensions=country,visit_number\
        &period=2d&include=today&compare=previous_period";
    let path = |format: &str| {
        let question = question.replace("period=2d&", "period=7d&");
        format!("/v1/stats/query?{question}&format={format}")
    };
    let rows = app.get(&path("json")).await.expect(200).json()["data"].clone();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows.len(), 4, "{rows:#?}");

    let lines = app.get(&path("ndjson")).await.expect(200);
    assert_eq!(lines.headers["content-type"], "application/x-ndjson");
    let parsed: Vec<Value> = lines
        .text()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(&parsed, rows);

    let csv = app.get(&path("csv")).await.expect(200);
    assert!(
        csv.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/csv")
    );
    assert!(
        csv.headers["content-disposition"]
            .to_str()
            .unwrap()
            .contains("query.csv")
    );
    let text = csv.text();
    let mut lines = text.split("\r\n");
    assert_eq!(
        lines.next().unwrap(),
        "country,visit_number,visitors,visits,bounce_rate,revenue,previous_visitors,previous_visits,\
         previous_bounce_rate,previous_revenue,change_visitors,change_visits,change_bounce_rate,\
         change_revenue"
    );
    assert!(
        text.contains("\r\n'=1+1,1,1,1,1,0.00,0,0,,0.00,,,,\r\n"),
        "{text}"
    );
    assert_eq!(text.matches("\r\n").count(), rows.len() + 1);

    let parquet = app.get(&path("parquet")).await.expect(200);
    let parsed = parquet_rows(parquet.bytes);
    assert_eq!(parsed.len(), rows.len());
    for (parsed, row) in parsed.iter().zip(rows) {
        assert_eq!(parsed["country"], row["country"]);
        assert_eq!(parsed["visit_number"], row["visit_number"]);
        assert_eq!(parsed["visitors"], row["visitors"]);
        assert_eq!(parsed["bounce_rate"].as_f64(), row["bounce_rate"].as_f64());
        assert_eq!(parsed["revenue"], row["revenue"]);
        assert_eq!(parsed["previous_visits"], row["previous"]["visits"]);
        assert_eq!(parsed["change_visits"], row["change"]["visits"]);
    }
}

#[tokio::test]
async fn a_table_without_rows_has_every_format_too() {
    let app = App::new();
    let path = "/v1/stats/pages?from=2001-01-01&to=2001-01-02";
    assert_eq!(app.get(path).await.expect(200).json()["data"], json!([]));
    let csv = app
        .get(&format!("{path}&format=csv"))
        .await
        .expect(200)
        .text();
    assert_eq!(csv.matches("\r\n").count(), 1, "{csv}");
    assert_eq!(
        app.get(&format!("{path}&format=ndjson"))
            .await
            .expect(200)
            .text(),
        ""
    );
    let parquet = app.get(&format!("{path}&format=parquet")).await.expect(200);
    assert!(parquet_rows(parquet.bytes).is_empty());
}

#[tokio::test]
async fn the_header_chooses_where_no_parameter_does() {
    let app = App::new();
    let ask = async |path: &str, accept: &str| {
        let mut request = request("GET", path, Some(&app.key), None);
        request
            .headers_mut()
            .insert("accept", accept.parse().unwrap());
        app.send(request).await
    };
    let csv = ask("/v1/stats/pages", "text/csv").await.expect(200);
    assert!(csv.text().starts_with("page,"));
    let json = ask("/v1/stats/pages?format=json", "text/csv")
        .await
        .expect(200);
    assert!(json.json()["data"].is_array());
    ask("/v1/stats/pages?limit=x", "text/csv")
        .await
        .problem(400, "invalid_request");
}

#[tokio::test]
async fn money_is_text_with_the_digits_of_its_currency() {
    let app = App::new();
    let path = "/v1/stats/query?metrics=revenue,average_order_value";
    let answer = app.get(path).await.expect(200).json();
    assert_eq!(
        answer["data"][0],
        json!({"revenue": "0.00", "average_order_value": null})
    );
    app.patch("/v1/accounts/1", json!({"currency": "JPY"}))
        .await
        .expect(200);
    let answer = app.get(path).await.expect(200).json();
    assert_eq!(answer["data"][0]["revenue"], "0");
}

/// The rows as JSON writes them.
pub fn parquet_rows(bytes: Bytes) -> Vec<Value> {
    let to_json = |field: &Field| match field {
        Field::Null => Value::Null,
        Field::Str(text) => text.as_str().into(),
        Field::Long(number) => (*number).into(),
        Field::Double(number) => (*number).into(),
        Field::Decimal(decimal) => {
            let units = i128::from_be_bytes(decimal.data().try_into().unwrap());
            assert_eq!(decimal.scale(), 2);
            format!("{}.{:02}", units / 100, units % 100).into()
        }
        other => panic!("{other:?}"),
    };
    let reader = SerializedFileReader::new(bytes).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    rows.map(|row| {
        let fields = row
            .get_column_iter()
            .map(|(name, field)| (name.clone(), to_json(field)));
        Value::Object(fields.collect::<Map<_, _>>())
    })
    .collect()
}
