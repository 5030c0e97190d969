//! A Defender is put in and taken out again, over many ways to write a task definition: the text is the same, byte for byte.

use fargate_updater::plan::document::{Document, Substitute, Substitutes};
use fargate_updater::plan::edit::Edit;
use serde_json::{Value, json};

use super::support::{add, at, document, remove, replace};

fn sidecar() -> Value {
    json!({
        "name": "TwistlockDefender",
        "image": "registry.example.com/twistlock/defender:defender_34_01_126",
        "essential": true,
        "cpu": 0,
        "environment": [],
        "entryPoint": ["/usr/local/bin/defender", "fargate", "sidecar"],
        "dockerLabels": { "com.example.owner": "security: \"team\"", "on": "yes" },
        "healthCheck": { "command": ["CMD", "/fargate/bin/fargate", "--version"], "interval": 5, "retries": 3 },
        "volumesFrom": [],
        "mountPoints": [{ "sourceVolume": "cache", "containerPath": "/cache", "readOnly": false }],
        "matrix": [["a", "b"], [], {}],
        "image2": "<image>",
    })
}

fn substitutes() -> Substitutes {
    let mut substitutes = Substitutes::default();
    let full = json!({ "Fn::Sub": "${Repository}:1" });
    substitutes.insert("<image>".into(), Substitute { full, source: Some("!Sub \"${Repository}:1\"".into()) });
    substitutes
}

/// Returns what embedding does to the containers of a document, and what stripping does afterwards.
fn edits(document: &Document, containers: &str) -> (Vec<Edit>, Vec<Edit>) {
    let list = document.find(&at(containers)).expect("containers").value();
    let list = list.as_array().expect("a list");
    let (mut embed, mut strip) = (Vec::new(), Vec::new());
    for (index, container) in list.iter().enumerate() {
        let of = |key: &str| format!("{containers}/{index}/{key}");
        let own = container.get("entryPoint").cloned().unwrap_or(json!([]));
        let words = ["/var/lib/twistlock/fargate/fargate_defender.sh", "fargate", "entrypoint"].map(Value::from);
        let wrapped: Value = words.into_iter().chain(own.as_array().expect("a list").iter().cloned()).collect();
        if container.get("entryPoint").is_some() {
            embed.push(replace(&of("entryPoint"), wrapped));
            strip.push(replace(&of("entryPoint"), own));
        } else {
            embed.push(add(&of("entryPoint"), wrapped));
            strip.push(remove(&of("entryPoint")));
        }
        let variables =
            [("TW_IMAGE_NAME", "shop/web:1"), ("WS_ADDRESS", "wss://console.example.com:443"), ("FILESYSTEM_MONITORING", "true")];
        let variables = variables.map(|(name, value)| json!({ "name": name, "value": value }));
        match container.get("environment").and_then(Value::as_array).map(Vec::len) {
            None => {
                embed.push(add(&of("environment"), variables.to_vec().into()));
                strip.push(remove(&of("environment")));
            }
            Some(count) => {
                let place = |index: usize| format!("{}/{}", of("environment"), count + index);
                embed.extend(variables.into_iter().enumerate().map(|(index, it)| add(&place(index), it)));
                strip.extend((0..3).rev().map(|index| remove(&place(index))));
            }
        }
        let capabilities = json!({ "add": ["SYS_PTRACE"] });
        let inner = ["linuxParameters/capabilities/add", "linuxParameters/capabilities"].map(|key| remove(&of(key)));
        strip.extend(inner);
        if container.get("linuxParameters").is_some() {
            embed.push(add(&of("linuxParameters/capabilities"), capabilities));
        } else {
            embed.push(add(&of("linuxParameters"), json!({ "capabilities": capabilities })));
            strip.push(remove(&of("linuxParameters")));
        }
        for (key, value) in [
            ("dependsOn", json!([{ "containerName": "TwistlockDefender", "condition": "START" }])),
            ("volumesFrom", json!([{ "sourceContainer": "TwistlockDefender", "readOnly": false }])),
        ] {
            embed.push(add(&of(key), value));
            strip.push(remove(&of(key)));
        }
    }
    let place = format!("{containers}/{}", list.len());
    embed.push(add(&place, sidecar()));
    strip.push(remove(&place));
    (embed, strip)
}

fn comes_back(name: &str, text: &str, containers: &str) -> String {
    let mut document = document(text);
    let (embed, strip) = edits(&document, containers);
    let mut make = |edits: &[Edit]| {
        for edit in edits {
            document.edit(edit, &substitutes()).unwrap_or_else(|error| panic!("{name}: {error} in\n{}", document.text()));
        }
        document.text().to_owned()
    };
    let embedded = make(&embed);
    let stripped = make(&strip);
    assert_eq!(stripped, text, "{name}\n--- embedded\n{embedded}\n--- stripped\n{stripped}");
    embedded
}

fn definition() -> Value {
    json!({
        "family": "shop",
        "containerDefinitions": [
            {
                "name": "web",
                "image": "shop/web:1",
                "entryPoint": ["/app"],
                "environment": [{ "name": "A", "value": "ä" }, { "name": "B", "value": "2" }],
            },
            { "name": "worker", "image": "shop/worker:1", "linuxParameters": { "initProcessEnabled": true } },
        ],
        "cpu": "256",
        "unknown": { "a": [1.50, null, [], {}] },
    })
}

fn pretty(unit: &str) -> String {
    let mut bytes = Vec::new();
    let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
    serde::Serialize::serialize(&definition(), &mut serde_json::Serializer::with_formatter(&mut bytes, formatter)).expect("JSON");
    String::from_utf8(bytes).expect("UTF-8")
}

const BY_HAND: &str = r#"{ "family":"shop",
  "containerDefinitions" : [{
      "name": "web", "entryPoint": [ "/app","serve" ],
   "environment": [ {"name":"A",
 "value":"b"}
 , {"name":"B","value":"c"} ]
  },

    {"name": "worker"	}	]

,"cpu":256 }


"#;

const RECORDS: &str = r#"{
  "containerDefinitions": [
    {
      "name": "web",
      "entryPoint": ["/app"],
      "environment": [
        { "name": "A", "value": "b" }
      ]
    }
  ]
}
"#;

#[test]
fn json_of_any_formatting_comes_back() {
    let compact = definition().to_string();
    let spaced = compact.replace("\":", "\": ").replace(",\"", ", \"").replace(",{", ", {");
    for (name, text) in [
        ("two blanks", pretty("  ")),
        ("three blanks", pretty("   ")),
        ("four blanks and a line end", pretty("    ") + "\n"),
        ("tabs", pretty("\t")),
        ("nothing", pretty("")),
        ("carriage returns", (pretty("  ") + "\n").replace('\n', "\r\n")),
        ("a byte order mark", format!("\u{feff}{}", pretty("  "))),
        ("one line", compact.clone()),
        ("one line with blanks", spaced),
        ("one line and a line end", compact + "\r\n"),
        ("by hand", BY_HAND.to_owned()),
        ("variables on lines of their own", RECORDS.to_owned()),
    ] {
        comes_back(name, &text, "/containerDefinitions");
    }
}

#[test]
fn what_is_embedded_in_json_looks_as_a_formatter_would_have_it() {
    for unit in ["  ", "    ", "\t"] {
        let embedded = comes_back("pretty", &pretty(unit), "/containerDefinitions");
        let value: Value = serde_json::from_str(&embedded).expect("JSON");
        let mut bytes = Vec::new();
        let formatter = serde_json::ser::PrettyFormatter::with_indent(unit.as_bytes());
        serde::Serialize::serialize(&value, &mut serde_json::Serializer::with_formatter(&mut bytes, formatter)).expect("JSON");
        assert_eq!(embedded, String::from_utf8(bytes).expect("UTF-8"));
    }
    let compact = comes_back("compact", &definition().to_string(), "/containerDefinitions");
    assert_eq!(compact, serde_json::from_str::<Value>(&compact).expect("JSON").to_string());
}

#[test]
fn json_templates_come_back() {
    let template = json!({ "Resources": { "Task": { "Type": "AWS::ECS::TaskDefinition", "Properties": definition() } } });
    comes_back("a template", &template.to_string(), "/Resources/Task/Properties/containerDefinitions");
}

const INDENTED: &str = "# A shop.
Resources:
  Task: # the task
    Type: AWS::ECS::TaskDefinition
    Properties:
      Family: !Sub \"${AWS::StackName}-é\"
      containerDefinitions:
        # The web server.
        - name: web # first
          image: !Sub '${Repository}/web:1'
          entryPoint: # as in its image
            - /app # the program
            # what it does
            - serve
          environment:
            - name: A
              value: |
                # not a comment
                x
            - name: B
              value: !Ref B # from outside

        # Works.
        - name: worker
          image: x
          linuxParameters:
            initProcessEnabled: true # reaps
          # The end of worker.
      # The end of the containers.
      cpu: 256

Outputs:
  Task:
    Value: !Ref Task
# The end.
";

const AT_KEYS: &str = "---
containerDefinitions:
- name: web
  entryPoint: [\"/app\", 'serve']   # its own
  environment: []
  command:
  - a: 1
    b: >-
      folded
      text

-
  name: worker
  environment: [ {name: A, value: b} ]
  linuxParameters: { initProcessEnabled: true }
...
";

const WIDE: &str = "family: &family shop
containerDefinitions:
    -   name: *family
        entryPoint:
            - /app
        environment:
            -   name: A
                value:
            -   {name: B, value: b}
    -   name: worker
        healthCheck:
            command: [ CMD,
                \"x\" ]  # over lines
        text: |+
            kept

volumes:
";

const FLOW: &str = "--- # a definition in brackets
{ family: shop, # its name
  containerDefinitions: [
    { name: web, entryPoint: [ /app ], environment: [ { name: A, value: b } ] }, # web
    # works
    { name: worker, linuxParameters: { initProcessEnabled: true } }  # worker
  ],
  cpu: 256 }
";

const ALIKE: &str = "containerDefinitions:
  - {name: web, entryPoint: [/app], environment: [{name: A, value: b}]}
  - {name: worker}";

const LITERAL_END: &str = "containerDefinitions:\n  - name: web\n    entryPoint: ['/app']\n    text: |\n      a\n      # b";

#[test]
fn yaml_of_any_formatting_comes_back() {
    for (name, text, containers) in [
        ("indented", INDENTED, "/Resources/Task/Properties/containerDefinitions"),
        ("dashes at keys", AT_KEYS, "/containerDefinitions"),
        ("wide", WIDE, "/containerDefinitions"),
        ("flow", FLOW, "/containerDefinitions"),
        ("flow elements", ALIKE, "/containerDefinitions"),
        ("a literal at the end", LITERAL_END, "/containerDefinitions"),
    ] {
        comes_back(name, text, containers);
        comes_back(name, text.trim_end_matches('\n'), containers);
        comes_back(name, &text.replace('\n', "\r\n"), containers);
        comes_back(name, &format!("\u{feff}{text}"), containers);
        comes_back(name, &text.replace("web", "wéb"), containers);
    }
}

#[test]
fn what_is_embedded_in_yaml_keeps_every_comment_and_reads_the_same() {
    let embedded = comes_back("indented", INDENTED, "/Resources/Task/Properties/containerDefinitions");
    let count = |text: &str| text.matches('#').count();
    assert_eq!(count(&embedded), count(INDENTED));
    let sidecar_text = "        - name: TwistlockDefender
          image: registry.example.com/twistlock/defender:defender_34_01_126
          essential: true
          cpu: 0
          environment: []
          entryPoint:
            - /usr/local/bin/defender
            - fargate
            - sidecar
          dockerLabels:
            com.example.owner: \"security: \\\"team\\\"\"
            \"on\": \"yes\"
          healthCheck:
            command:
              - CMD
              - /fargate/bin/fargate
              - \"--version\"
            interval: 5
            retries: 3
          volumesFrom: []
          mountPoints:
            - sourceVolume: cache
              containerPath: /cache
              readOnly: false
          matrix:
            - - a
              - b
            - []
            - {}
          image2: !Sub \"${Repository}:1\"
";
    assert!(embedded.contains(sidecar_text), "{embedded}");
    let wrapped = "          entryPoint: # as in its image
            - /var/lib/twistlock/fargate/fargate_defender.sh
            - fargate
            - entrypoint
            - /app # the program
            # what it does
            - serve
";
    assert!(embedded.contains(wrapped), "{embedded}");
}
