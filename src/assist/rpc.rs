//! How does an assistant ask over HTTP? One message of the Model Context Protocol, one answer, and nothing
//! kept in between: all tools only read, so there is no session to keep.

use serde_json::{Value, json};

use super::assistant::Assistant;
use super::server::INSTRUCTIONS;
use super::tools::TOOLS;

/// Versions of the protocol that are spoken, the newest last.
const VERSIONS: [&str; 3] = ["2024-11-05", "2025-03-26", "2025-06-18"];
/// Codes of JSON-RPC 2.0.
const NO_REQUEST: i32 = -32_600;
const NO_METHOD: i32 = -32_601;
const NO_PARAMETERS: i32 = -32_602;

/// The answer to one message; `None` to a notification, which wants none.
pub async fn respond(assistant: &Assistant, message: &Value) -> Option<Value> {
    let method = message.get("method").and_then(Value::as_str);
    let (Some(method), Some("2.0")) = (method, message.get("jsonrpc").and_then(Value::as_str))
    else {
        let why = "not one message of JSON-RPC 2.0 with a method";
        return Some(failed(&Value::Null, NO_REQUEST, why));
    };
    let id = message.get("id").filter(|id| id.is_string() || id.is_number())?;
    let parameters = message.get("params").unwrap_or(&Value::Null);
    Some(match method {
        "initialize" => done(id, &hello(parameters)),
        "ping" => done(id, &json!({})),
        "tools/list" => done(
            id,
            &json!({"tools": TOOLS.iter().map(|tool| json!({
            "name": tool.name,
            "description": tool.purpose,
            "inputSchema": tool.schema(),
            "annotations": {"readOnlyHint": true, "openWorldHint": false},
        })).collect::<Vec<_>>()}),
        ),
        "tools/call" => match parameters.get("name").and_then(Value::as_str) {
            Some(tool) => done(id, &called(assistant, tool, parameters).await),
            None => failed(id, NO_PARAMETERS, "params.name is missing"),
        },
        other => failed(id, NO_METHOD, &format!("no method is called \"{other}\"")),
    })
}

fn done(id: &Value, result: &Value) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "result": result})
}

fn failed(id: &Value, code: i32, message: &str) -> Value {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": code, "message": message}})
}

/// The version that the other side wants, if it is spoken, else the newest.
fn hello(parameters: &Value) -> Value {
    let wanted = parameters.get("protocolVersion").and_then(Value::as_str);
    let version = VERSIONS.iter().find(|version| Some(**version) == wanted).or(VERSIONS.last());
    json!({
        "protocolVersion": version,
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "resonanz", "version": env!("CARGO_PKG_VERSION")},
        "instructions": INSTRUCTIONS,
    })
}

async fn called(assistant: &Assistant, tool: &str, parameters: &Value) -> Value {
    let asked = parameters.get("arguments").and_then(Value::as_object).cloned();
    let answered = Box::pin(assistant.call(tool, asked.unwrap_or_default())).await;
    let (told, is_error) = match answered {
        Ok(answer) => (answer, false),
        Err(refusal) => (refusal.value(), true),
    };
    json!({
        "content": [{"type": "text", "text": told.to_string()}],
        "structuredContent": told,
        "isError": is_error,
    })
}
