//! MongoDB over its real wire, by a server that notes what it is asked and answers as it is told.

use std::{
    collections::{BTreeMap, VecDeque},
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use bson::{Bson, Document, doc};
use conductor_connectors::{Action, Ask, Databases, Engine, Error, Reach, Reading, Said};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_util::sync::CancellationToken;

struct Mongo {
    address: SocketAddr,
    asked: Arc<Mutex<Vec<Document>>>,
}

impl Mongo {
    /// A server that gives these answers, and after the last of them hangs up on what it is asked.
    async fn start(answers: Vec<Document>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let (note, mut answers) = (Arc::clone(&asked), VecDeque::from(answers));
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                while let Ok(length) = stream.read_i32_le().await {
                    let mut message = vec![0; usize::try_from(length).unwrap() - 4];
                    stream.read_exact(&mut message).await.unwrap();
                    note.lock().unwrap().push(Document::from_reader(&message[17..]).unwrap());
                    let Some(answer) = answers.pop_front() else { break };
                    let body = answer.to_vec().unwrap();
                    let length = i32::try_from(21 + body.len()).unwrap();
                    let mut reply = Vec::new();
                    reply.extend(length.to_le_bytes());
                    reply.extend(7_i32.to_le_bytes());
                    reply.extend(&message[0..4]);
                    reply.extend(2_013_i32.to_le_bytes());
                    reply.extend([0; 5]);
                    reply.extend(body);
                    stream.write_all(&reply).await.unwrap();
                }
            }
        });
        Self { address, asked }
    }

    fn databases(&self) -> Databases {
        let variables = BTreeMap::from([
            ("SHOP_MONGODB_URL".to_owned(), SecretString::from(format!("mongodb://{}/shop", self.address))),
            ("SHOP_MONGODB_TLS".to_owned(), SecretString::from("none")),
        ]);
        let address = self.address;
        let reach = Reach::new(move |_, _| Box::pin(async move { Ok(vec![address]) }));
        Databases::new(variables, reach, Reading { rows: 2, bytes: 10_000 })
    }

    async fn ask(&self, ask: Ask) -> Result<Said, Error> {
        self.databases().run(&ask, &CancellationToken::new()).await
    }

    fn asked(&self) -> Vec<Document> {
        self.asked.lock().unwrap().clone()
    }
}

fn ask(action: Action, query: Value, data: Value) -> Ask {
    Ask {
        engine: Engine::Mongodb,
        action,
        data_source: "shop".to_owned(),
        sql: None,
        params: Vec::new(),
        query: Some(query).filter(|query| !query.is_null()),
        collection: Some("orders".to_owned()),
        data: Some(data).filter(|data| !data.is_null()),
        timeout: Duration::from_secs(5),
    }
}

#[tokio::test]
async fn every_action_is_one_command() {
    let found = doc! { "ok": 1, "cursor": { "id": 0_i64, "firstBatch": [{ "name": "Bo", "n": 2 }] } };
    let answers = vec![
        found.clone(),
        found,
        doc! { "ok": 1.0, "n": 7 },
        doc! { "ok": 1, "n": 1 },
        doc! { "ok": 1, "n": 3, "nModified": 2 },
        doc! { "ok": 1, "n": 4 },
    ];
    let mongo = Mongo::start(answers).await;
    let evil = json!({ "name": "{\"$ne\": null}" });
    let said = mongo.ask(ask(Action::Find, evil.clone(), Value::Null)).await.unwrap().unwrap();
    assert_eq!(
        Value::Object(said),
        json!({
            "success": true, "operation": "shop.mongodb.find", "dataSource": "shop",
            "data": [{ "name": "Bo", "n": 2 }], "count": 1,
        })
    );
    let stages = json!([{ "$match": { "n": { "$gt": 1 } } }]);
    mongo.ask(ask(Action::Aggregate, stages, Value::Null)).await.unwrap().unwrap();
    let said = mongo.ask(ask(Action::Count, json!({}), Value::Null)).await.unwrap().unwrap();
    assert_eq!(said["count"], 7);
    let said = mongo.ask(ask(Action::Insert, Value::Null, json!({ "name": "Bo" }))).await.unwrap().unwrap();
    assert_eq!((&said["count"], &said["data"]), (&json!(1), &json!({ "name": "Bo" })));
    let id = said["insertedId"].as_str().unwrap().to_owned();
    let said =
        mongo.ask(ask(Action::Update, json!({ "_id": { "$oid": id.clone() } }), json!({ "n": 5 }))).await;
    assert_eq!(said.unwrap().unwrap()["count"], 3);
    let said = mongo.ask(ask(Action::Delete, json!({ "n": 5 }), Value::Null)).await.unwrap().unwrap();
    assert_eq!(said["count"], 4);

    let asked = mongo.asked();
    assert_eq!(asked[0].get_document("filter").unwrap(), &doc! { "name": "{\"$ne\": null}" });
    assert_eq!(asked[0].get_str("$db").unwrap(), "shop");
    assert_eq!(asked[0].get_i64("maxTimeMS").unwrap(), 5_000);
    assert_eq!(
        asked[1].get_array("pipeline").unwrap().last(),
        Some(&Bson::Document(doc! { "$limit": 3_i64 }))
    );
    let updates = asked[4].get_array("updates").unwrap();
    let update = updates[0].as_document().unwrap();
    assert_eq!(update.get_document("u").unwrap(), &doc! { "$set": { "n": 5 } });
    assert_eq!(update.get_document("q").unwrap().get_object_id("_id").unwrap().to_hex(), id);
}

#[tokio::test]
async fn what_runs_programs_or_writes_from_a_question_is_refused_before_anything_is_sent() {
    let mongo = Mongo::start(Vec::new()).await;
    for (action, query) in [
        (Action::Find, json!({ "$where": "sleep(1000)" })),
        (Action::Find, json!({ "$or": [{ "a": { "$function": {} } }] })),
        (Action::Aggregate, json!([{ "$match": {} }, { "$out": "others" }])),
        (Action::Aggregate, json!([{ "$facet": { "a": [{ "$merge": "others" }] } }])),
        (Action::Delete, Value::Null),
        (Action::Update, Value::Null),
    ] {
        let refused = mongo.ask(ask(action, query.clone(), json!({ "a": 1 }))).await;
        assert!(matches!(refused, Err(Error::Invalid { .. })), "{query}: {refused:?}");
    }
    let mut system = ask(Action::Find, json!({}), Value::Null);
    system.collection = Some("system.users".to_owned());
    assert!(matches!(mongo.ask(system).await, Err(Error::Invalid { .. })));
    assert!(mongo.asked().is_empty());
}

#[tokio::test]
async fn a_write_without_an_answer_may_have_taken_effect_and_a_question_may_not() {
    let mongo = Mongo::start(Vec::new()).await;
    let lost = mongo.ask(ask(Action::Insert, Value::Null, json!({ "a": 1 }))).await.unwrap_err();
    assert!(lost.outcome_unknown() && lost.retryable(), "{lost}");
    let lost = mongo.ask(ask(Action::Find, json!({}), Value::Null)).await.unwrap_err();
    assert!(!lost.outcome_unknown(), "{lost}");
}

#[tokio::test]
async fn refusals_large_answers_and_time_that_is_up_are_told_apart() {
    let rows = vec![doc! { "n": 1 }, doc! { "n": 2 }, doc! { "n": 3 }];
    let mongo = Mongo::start(vec![
        doc! { "ok": 0, "code": 13, "codeName": "Unauthorized", "errmsg": "not authorized on shop" },
        doc! { "ok": 1, "cursor": { "id": 0_i64, "firstBatch": rows } },
        doc! { "ok": 0, "code": 50, "codeName": "MaxTimeMSExpired", "errmsg": "operation exceeded time limit" },
        doc! { "ok": 1, "n": 0, "writeErrors": [{ "index": 0, "code": 11_000, "errmsg": "duplicate key" }] },
    ])
    .await;
    let find = || ask(Action::Find, json!({}), Value::Null);
    let refused = mongo.ask(find()).await.unwrap().unwrap_err();
    assert_eq!(refused.code, "Unauthorized");
    assert_eq!(mongo.ask(find()).await.unwrap().unwrap_err().code, "too_many_rows");
    assert!(matches!(mongo.ask(find()).await, Err(Error::TimedOut { outcome_unknown: false, .. })));
    let refused =
        mongo.ask(ask(Action::Insert, Value::Null, json!({ "_id": 1 }))).await.unwrap().unwrap_err();
    assert_eq!((refused.code.as_str(), refused.message.contains("duplicate key")), ("11000", true));
}
