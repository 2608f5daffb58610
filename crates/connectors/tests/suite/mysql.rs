//! MySQL over its real wire, by a server that knows as much of the protocol as one statement wants.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use conductor_connectors::{Action, Ask, Databases, Engine, Error, Reach, Reading, Said};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_util::sync::CancellationToken;

/// What becomes of a statement that is carried out.
#[derive(Clone)]
enum Does {
    /// So many rows, and this last id.
    Changes(u8, u8),
    Refuses(u16, &'static str),
    HangsUp,
}

struct Mysql {
    address: SocketAddr,
    /// Statements in words, and what is carried out as bytes.
    asked: Arc<Mutex<Vec<String>>>,
}

impl Mysql {
    async fn start(does: Does) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                serve(stream, &does, &note).await;
            }
        });
        Self { address, asked }
    }

    async fn ask(&self, ask: Ask) -> Result<Said, Error> {
        let variables = BTreeMap::from([
            ("SHOP_MYSQL_URL".to_owned(), SecretString::from(format!("mysql://ada@{}/shop", self.address))),
            ("SHOP_MYSQL_PASS".to_owned(), SecretString::from("secret")),
            ("SHOP_MYSQL_TLS".to_owned(), SecretString::from("none")),
        ]);
        let address = self.address;
        let reach = Reach::new(move |_, _| Box::pin(async move { Ok(vec![address]) }));
        let databases = Databases::new(variables, reach, Reading::default());
        databases.run(&ask, &CancellationToken::new()).await
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

async fn send(stream: &mut TcpStream, number: u8, body: &[u8]) -> Option<()> {
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    let packet = [&length[..3], &[number], body].concat();
    stream.write_all(&packet).await.ok()
}

async fn receive(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.ok()?;
    let mut body = vec![0; usize::try_from(u32::from_le_bytes([head[0], head[1], head[2], 0])).unwrap()];
    stream.read_exact(&mut body).await.ok()?;
    Some(body)
}

/// `OK`, within a transaction.
fn done(changed: u8, last: u8) -> Vec<u8> {
    vec![0, changed, last, 1, 0, 0, 0]
}

async fn serve(mut stream: TcpStream, does: &Does, asked: &Mutex<Vec<String>>) -> Option<()> {
    let mut hello = vec![10];
    hello.extend(b"8.0.36\0");
    hello.extend(1_u32.to_le_bytes());
    hello.extend(b"12345678\0");
    // Protocol 4.1, database, transactions, secure connection; sign-in by plugin, and no EOF packets.
    hello.extend(0xa208_u16.to_le_bytes());
    hello.push(45);
    hello.extend(2_u16.to_le_bytes());
    hello.extend(0x0108_u16.to_le_bytes());
    hello.push(21);
    hello.extend([0; 10]);
    hello.extend(b"123456789012\0");
    hello.extend(b"mysql_native_password\0");
    send(&mut stream, 0, &hello).await?;
    receive(&mut stream).await?;
    send(&mut stream, 2, &done(0, 0)).await?;
    loop {
        let command = receive(&mut stream).await?;
        let text = String::from_utf8_lossy(&command[1..]).into_owned();
        match command[0] {
            0x03 => {
                asked.lock().unwrap().push(text);
                send(&mut stream, 1, &done(0, 0)).await?;
            }
            0x16 => {
                let places = u8::try_from(text.matches('?').count()).unwrap();
                asked.lock().unwrap().push(text);
                send(&mut stream, 1, &[0, 1, 0, 0, 0, 0, 0, places, 0, 0, 0, 0]).await?;
                for place in 0..places {
                    let mut column = vec![3, b'd', b'e', b'f', 0, 0, 0, 1, b'?', 0, 0x0c];
                    column.extend([63, 0, 0, 0, 0, 0, 253, 0, 0, 0, 0, 0]);
                    send(&mut stream, 2 + place, &column).await?;
                }
            }
            0x17 => {
                asked.lock().unwrap().push(text);
                match does {
                    Does::Changes(changed, last) => send(&mut stream, 1, &done(*changed, *last)).await?,
                    Does::Refuses(code, why) => {
                        let mut error = vec![0xff];
                        error.extend(code.to_le_bytes());
                        error.extend(b"#HY000");
                        error.extend(why.as_bytes());
                        send(&mut stream, 1, &error).await?;
                    }
                    Does::HangsUp => return None,
                }
            }
            0x01 => return None,
            // A statement is closed: nothing is answered.
            _ => {}
        }
    }
}

fn ask(action: Action, sql: Option<&str>, params: &[Value], data: Value) -> Ask {
    Ask {
        engine: Engine::Mysql,
        action,
        data_source: "shop".to_owned(),
        sql: sql.map(ToOwned::to_owned),
        params: params.to_vec(),
        query: None,
        collection: Some("orders".to_owned()),
        data: Some(data).filter(|data| !data.is_null()),
        timeout: Duration::from_secs(5),
    }
}

#[tokio::test]
async fn rows_are_added_by_values_beside_the_statement() {
    let mysql = Mysql::start(Does::Changes(1, 7)).await;
    let evil = "'); DROP TABLE orders; --";
    let said = mysql.ask(ask(Action::Insert, None, &[], json!({ "name": evil }))).await.unwrap().unwrap();
    assert_eq!((&said["insertedId"], &said["count"]), (&json!(7), &json!(1)));
    assert_eq!(said["operation"], "shop.mysql.insert");
    let asked = mysql.asked();
    let at = asked.iter().position(|text| text == "INSERT INTO `orders` (`name`) VALUES (?)").unwrap();
    assert!(asked[at + 1].contains(evil), "{asked:?}");
    assert!(asked[..at].iter().any(|text| text == "START TRANSACTION"), "{asked:?}");
    assert!(asked[..at].iter().any(|text| text == "SET SESSION max_execution_time = 5000"), "{asked:?}");
    assert_eq!(asked.last().unwrap(), "COMMIT");
}

#[tokio::test]
async fn a_select_is_asked_where_nothing_can_be_changed() {
    let why = "Cannot execute statement in a READ ONLY transaction.";
    let mysql = Mysql::start(Does::Refuses(1_792, why)).await;
    let asked = ask(Action::Select, Some("SELECT f(?)"), &[json!(1)], Value::Null);
    let refused = mysql.ask(asked).await.unwrap().unwrap_err();
    assert_eq!((refused.code.as_str(), refused.message.contains("READ ONLY")), ("1792", true));
    assert!(mysql.asked().iter().any(|text| text == "START TRANSACTION READ ONLY"), "{:?}", mysql.asked());

    let slow = Mysql::start(Does::Refuses(3_024, "Query execution was interrupted")).await;
    let ended = slow.ask(ask(Action::Select, Some("SELECT 1"), &[], Value::Null)).await;
    assert!(matches!(ended, Err(Error::TimedOut { outcome_unknown: false, .. })), "{ended:?}");
}

#[tokio::test]
async fn a_change_whose_connection_is_lost_may_have_taken_effect() {
    let mysql = Mysql::start(Does::HangsUp).await;
    let delete = ask(Action::Delete, Some("id = ?"), &[json!(1)], Value::Null);
    assert!(mysql.ask(delete).await.unwrap_err().outcome_unknown());
    let select = ask(Action::Select, Some("SELECT 1"), &[], Value::Null);
    assert!(!mysql.ask(select).await.unwrap_err().outcome_unknown());
}
