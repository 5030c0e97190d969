//! Every format of one run, as it is written but for what differs from run to run.

use crate::run::{fixed, redacted, write};

#[test]
fn json() {
    insta::assert_snapshot!(redacted(&write(&["report.json"], fixed()).text("report.json")), @r#"
    {
    "schema": 1,
    "run": {"id":"RUN","kind":"run","dry_run":false,"began":"TIME","ended":"TIME","account":"123456789012","region":"us-east-1","console":"https://us-east1.cloud.twistlock.com/us-9-000000001","console_version":"34.03.138","defender_version":"34.03.138","undone_run":null,"stopped_by":null},
    "summary": {"verdict":"Not done: 2 services failed or not attempted, 1 place not seen.","complete":false,"exit_code":3,"accounts":4,"coverage":{"in_scope":8,"protected":5,"percent":"62.5%","todays_defender":4,"another_defender":1,"not_protected":3,"out_of_scope":1,"failed":1},"services":9,"protected":2,"upgraded":1,"undone":0,"planned":0,"up_to_date":1,"skipped":3,"failed":1,"not_attempted":1,"roll_outs_under_way":1,"places_failed":1,"places_not_attempted":0,"calls":2310,"throttled":4,"console_calls":61,"console_throttled":0,"verified":1,"not_connected":1,"unverified":3,"tasks_looked_for":8,"tasks_connected":5},
    "places": [
    {"account":"111122223333","account_name":"Payments","region":"eu-west-1","coverage":{"in_scope":1,"protected":1,"percent":"100%","todays_defender":1,"another_defender":0,"not_protected":0,"out_of_scope":0,"failed":0}},
    {"account":"111122223333","account_name":"Payments","region":"us-east-1","coverage":{"in_scope":4,"protected":2,"percent":"50%","todays_defender":2,"another_defender":0,"not_protected":2,"out_of_scope":1,"failed":1}},
    {"account":"222233334444","account_name":null,"region":"eu-west-1","coverage":{"in_scope":1,"protected":1,"percent":"100%","todays_defender":1,"another_defender":0,"not_protected":0,"out_of_scope":0,"failed":0}},
    {"account":"222233334444","account_name":null,"region":"us-east-1","coverage":{"in_scope":2,"protected":1,"percent":"50%","todays_defender":0,"another_defender":1,"not_protected":1,"out_of_scope":0,"failed":0}}
    ],
    "defenders": [
    {"version":null,"services":3},
    {"version":"33.01.137","services":1},
    {"version":"34.03.138","services":4}
    ],
    "places_not_seen": [
    {"account":"111122223333","account_name":"Payments","region":"ap-southeast-1","cluster":null,"reason":"denied-by-organization","text":"a service control policy of the organization denies the Region","stage":null,"causes":[],"hint":null},
    {"account":"444455556666","account_name":"Search & Co","region":null,"cluster":null,"reason":"failed","text":"could not assume the role FargateDeployMember","stage":"assume-role","causes":["could not assume the role FargateDeployMember"],"hint":"check that it exists"},
    {"account":"555566667777","account_name":"Old","region":null,"cluster":null,"reason":"not-active","text":"the account is SUSPENDED","stage":null,"causes":[],"hint":null}
    ],
    "network": [
    {"account":"111122223333","region":"us-east-1","vpc":"vpc-0123456789abcdef0","change":"opened","what":"sg-0a1b2c3d: TCP 443 out to 0.0.0.0/0 (sgr-0123456789abcdef0)","why":"for web/orders of 111122223333"}
    ],
    "warnings": [
    "the Console's certificate is about to end",
    "2 services not verified: one run verifies 3 at most"
    ],
    "services": [
    {"account":"111122223333","account_name":"Payments","region":"eu-west-1","cluster":"web","service":"checkout","outcome":"protected","protection":"protected","reason":null,"text":null,"stage":null,"causes":[],"hint":null,"task_definition_before":"orders:1","task_definition_after":"orders:2","defender_before":"none","defender_after":"34.03.138","roll_out":"done","tasks":3,"defenders_connected":3,"findings":[]},
    {"account":"111122223333","account_name":"Payments","region":"us-east-1","cluster":"web","service":"desktop","outcome":"skipped","protection":"not-protected","reason":"windows","text":"its tasks run Windows, for which the vendor has no App-Embedded Defender","stage":null,"causes":[],"hint":"nothing: there is no Defender for it","task_definition_before":"orders:1","task_definition_after":"orders:1","defender_before":null,"defender_after":null,"roll_out":null,"tasks":null,"defenders_connected":null,"findings":[]},
    {"account":"111122223333","account_name":"Payments","region":"us-east-1","cluster":"web","service":"import","outcome":"upgraded","protection":"protected","reason":"version","text":"it carries Defender 33.01.137, today's is 34.03.138","stage":null,"causes":[],"hint":null,"task_definition_before":"orders:4","task_definition_after":"orders:5","defender_before":"33.01.137","defender_after":"34.03.138","roll_out":"in progress","tasks":null,"defenders_connected":null,"findings":[]},
    {"account":"111122223333","account_name":"Payments","region":"us-east-1","cluster":"web","service":"orders","outcome":"protected","protection":"protected","reason":null,"text":null,"stage":null,"causes":[],"hint":null,"task_definition_before":"orders:1","task_definition_after":"orders:2","defender_before":"none","defender_after":"34.03.138","roll_out":"done","tasks":3,"defenders_connected":null,"findings":[{"code":"waas-port-nowhere","text":"WAAS_PORT 9000 was added nowhere: no container has port mappings","warning":false},{"code":"downtime","text":"its deployment settings stop every task before a new one is there (minimumHealthyPercent 0, maximumPercent 100)","warning":true},{"code":"too-young","text":"connected 1 of 3, unknown 2: tasks that started just now may be about to connect","warning":false}]},
    {"account":"111122223333","account_name":"Payments","region":"us-east-1","cluster":"web","service":"render","outcome":"skipped","protection":"out-of-scope","reason":"not-fargate","text":"it runs on EC2, not on Fargate; other Defenders protect those hosts","stage":null,"causes":[],"hint":"nothing here: protect its hosts with the Defender for hosts, or move it to Fargate","task_definition_before":"orders:1","task_definition_after":"orders:1","defender_before":null,"defender_after":null,"roll_out":null,"tasks":null,"defenders_connected":null,"findings":[]},
    {"account":"111122223333","account_name":"Payments","region":"us-east-1","cluster":"web","service":"report","outcome":"failed","protection":"not-protected","reason":null,"text":"could not find the entry point of container report","stage":"entry-point","causes":["could not find the entry point of container report","it is nowhere"],"hint":"add the image's own entry point as `entryPoint` to the container in the task definition","task_definition_before":"orders:1","task_definition_after":null,"defender_before":null,"defender_after":null,"roll_out":null,"tasks":null,"defenders_connected":null,"findings":[]},
    {"account":"222233334444","account_name":null,"region":"eu-west-1","cluster":"web","service":"search","outcome":"up-to-date","protection":"protected","reason":null,"text":null,"stage":null,"causes":[],"hint":"a Defender may need longer; if none appears, see whether those tasks reach the address that their Defenders connect to (their network), and whether its name is in the Console's certificate (PCC_SAN)","task_definition_before":"search:7","task_definition_after":"search:7","defender_before":"34.03.138","defender_after":"34.03.138","roll_out":null,"tasks":2,"defenders_connected":1,"findings":[{"code":"not-connected","text":"connected 1 of 2","warning":true}]},
    {"account":"222233334444","account_name":null,"region":"us-east-1","cluster":"web","service":"later","outcome":"not-attempted","protection":"not-protected","reason":"max-changes","text":"it would be changed, and one run changes 3 at most (MAX_CHANGES); the next run goes on","stage":null,"causes":[],"hint":null,"task_definition_before":"orders:1","task_definition_after":"orders:1","defender_before":null,"defender_after":null,"roll_out":null,"tasks":null,"defenders_connected":null,"findings":[]},
    {"account":"222233334444","account_name":null,"region":"us-east-1","cluster":"web","service":"old","outcome":"skipped","protection":"other-defender","reason":"upgrades-are-off","text":"it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false","stage":null,"causes":[],"hint":"run with UPGRADE=true","task_definition_before":"orders:1","task_definition_after":"orders:1","defender_before":"33.01.137","defender_after":"33.01.137","roll_out":null,"tasks":null,"defenders_connected":null,"findings":[]}
    ]
    }
    "#);
}

#[test]
fn csv() {
    insta::assert_snapshot!(redacted(&write(&["report.csv"], fixed()).text("report.csv").replace("\r\n", "\n")), @r#"
    account,account_name,region,cluster,service,outcome,protection,reason,text,stage,causes,hint,task_definition_before,task_definition_after,defender_before,defender_after,roll_out,tasks,defenders_connected,findings,warnings
    111122223333,Payments,eu-west-1,web,checkout,protected,protected,,,,,,orders:1,orders:2,none,34.03.138,done,3,3,,
    111122223333,Payments,us-east-1,web,desktop,skipped,not-protected,windows,"its tasks run Windows, for which the vendor has no App-Embedded Defender",,,nothing: there is no Defender for it,orders:1,orders:1,,,,,,,
    111122223333,Payments,us-east-1,web,import,upgraded,protected,version,"it carries Defender 33.01.137, today's is 34.03.138",,,,orders:4,orders:5,33.01.137,34.03.138,in progress,,,,
    111122223333,Payments,us-east-1,web,orders,protected,protected,,,,,,orders:1,orders:2,none,34.03.138,done,3,,"WAAS_PORT 9000 was added nowhere: no container has port mappings; connected 1 of 3, unknown 2: tasks that started just now may be about to connect","its deployment settings stop every task before a new one is there (minimumHealthyPercent 0, maximumPercent 100)"
    111122223333,Payments,us-east-1,web,render,skipped,out-of-scope,not-fargate,"it runs on EC2, not on Fargate; other Defenders protect those hosts",,,"nothing here: protect its hosts with the Defender for hosts, or move it to Fargate",orders:1,orders:1,,,,,,,
    111122223333,Payments,us-east-1,web,report,failed,not-protected,,could not find the entry point of container report,entry-point,could not find the entry point of container report; it is nowhere,add the image's own entry point as `entryPoint` to the container in the task definition,orders:1,,,,,,,,
    222233334444,,eu-west-1,web,search,up-to-date,protected,,,,,"a Defender may need longer; if none appears, see whether those tasks reach the address that their Defenders connect to (their network), and whether its name is in the Console's certificate (PCC_SAN)",search:7,search:7,34.03.138,34.03.138,,2,1,,connected 1 of 2
    222233334444,,us-east-1,web,later,not-attempted,not-protected,max-changes,"it would be changed, and one run changes 3 at most (MAX_CHANGES); the next run goes on",,,,orders:1,orders:1,,,,,,,
    222233334444,,us-east-1,web,old,skipped,other-defender,upgrades-are-off,"it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false",,,run with UPGRADE=true,orders:1,orders:1,33.01.137,33.01.137,,,,,
    "#);
}

#[test]
fn markdown() {
    insta::assert_snapshot!(redacted(&write(&["report.md"], fixed()).text("report.md")), @r"
    # Defenders in Fargate

    **Not done: 2 services failed or not attempted, 1 place not seen.**

    62.5% protected: 5 of 8 Fargate services in scope; 1 of them with another Defender than today's; 1 service not on Fargate

    | | |
    |---|---|
    | run | RUN |
    | began | TIME |
    | took | DURATION |
    | from | account 123456789012, us-east-1 |
    | today's Defender | 34.03.138 |
    | accounts in scope | 4 accounts |
    | services | 2 protected, 1 upgraded, 1 up to date, 3 skipped, 1 failed, 1 not attempted |
    | roll-outs not seen to their end | 1 |
    | Defenders connected | 5 of 8 tasks |
    | calls to AWS | 2,310, 4 of them throttled |
    | calls to the Console | 61, none of them throttled |

    ## By account and Region

    Protected of those in scope; ? where something could not be seen.

    | account | eu-west-1 | us-east-1 |
    |---|---|---|
    | 111122223333 Payments | 1/1 | 2/4 |
    | 222233334444 | 1/1 | 1/2 |
    | 444455556666 Search &amp; Co | ? | ? |

    ## Defenders in use

    | Defender | services |
    |---|---|
    | 34.03.138 | 4 |
    | 33.01.137 | 1 |
    | not known | 3 |

    ## Failures

    - **account 444455556666** failed at assume-role
      - could not assume the role FargateDeployMember
      - **way out**: check that it exists
    - **web/report (111122223333 Payments, us-east-1)** failed at entry-point
      - could not find the entry point of container report
      - it is nowhere
      - **way out**: add the image's own entry point as \`entryPoint\` to the container in the task definition

    ## Skipped, and why

    | services | why, for example | what its owner can do |
    |---|---|---|
    | 1 | it runs on EC2, not on Fargate; other Defenders protect those hosts | nothing here: protect its hosts with the Defender for hosts, or move it to Fargate |
    | 1 | it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false | run with UPGRADE=true |
    | 1 | its tasks run Windows, for which the vendor has no App-Embedded Defender | nothing: there is no Defender for it |

    ## Upgraded, and why

    | services | why, for example |
    |---|---|
    | 1 | it carries Defender 33.01.137, today's is 34.03.138 |

    ## Not attempted, and why

    | services | why, for example |
    |---|---|
    | 1 | it would be changed, and one run changes 3 at most (MAX_CHANGES); the next run goes on |

    ## Not walked, and why

    - account 111122223333, ap-southeast-1: a service control policy of the organization denies the Region
    - account 555566667777: the account is SUSPENDED

    ## Networks

    - opened in 111122223333 us-east-1 vpc-0123456789abcdef0: sg-0a1b2c3d: TCP 443 out to 0.0.0.0/0 (sgr-0123456789abcdef0), for web/orders of 111122223333

    ## Warnings

    - the Console's certificate is about to end
    - 2 services not verified: one run verifies 3 at most
    ");
}

#[test]
fn junit() {
    insta::assert_snapshot!(redacted(&write(&["report.xml"], fixed()).text("report.xml")), @r#"
    <?xml version="1.0" encoding="UTF-8"?>
    <testsuites name="fargate-updater RUN" tests="12" failures="2" errors="1" skipped="5">
      <testsuite name="run" tests="0" failures="0" errors="0" skipped="0">
        <properties>
          <property name="calls" value="2310"/>
          <property name="throttled" value="4"/>
          <property name="console_calls" value="61"/>
          <property name="console_throttled" value="0"/>
          <property name="verified" value="1"/>
          <property name="not_connected" value="1"/>
          <property name="unverified" value="3"/>
          <property name="tasks_looked_for" value="8"/>
          <property name="tasks_connected" value="5"/>
        </properties>
      </testsuite>
      <testsuite name="111122223333 Payments" tests="7" failures="1" errors="0" skipped="3">
        <testcase classname="111122223333.ap-southeast-1" name="account 111122223333, ap-southeast-1">
          <skipped message="a service control policy of the organization denies the Region"/>
        </testcase>
        <testcase classname="111122223333.eu-west-1.web" name="checkout">
          <system-out>protected: orders:1 -&gt; orders:2, connected 3 of 3</system-out>
        </testcase>
        <testcase classname="111122223333.us-east-1.web" name="desktop">
          <skipped message="its tasks run Windows, for which the vendor has no App-Embedded Defender"/>
        </testcase>
        <testcase classname="111122223333.us-east-1.web" name="import">
          <system-out>upgraded: orders:4 -&gt; orders:5</system-out>
        </testcase>
        <testcase classname="111122223333.us-east-1.web" name="orders">
          <system-out>protected: orders:1 -&gt; orders:2
    WAAS_PORT 9000 was added nowhere: no container has port mappings
    its deployment settings stop every task before a new one is there (minimumHealthyPercent 0, maximumPercent 100)
    connected 1 of 3, unknown 2: tasks that started just now may be about to connect</system-out>
        </testcase>
        <testcase classname="111122223333.us-east-1.web" name="render">
          <skipped message="it runs on EC2, not on Fargate; other Defenders protect those hosts"/>
        </testcase>
        <testcase classname="111122223333.us-east-1.web" name="report">
          <failure type="entry-point" message="could not find the entry point of container report">cause: could not find the entry point of container report
    cause: it is nowhere
    hint: add the image's own entry point as `entryPoint` to the container in the task definition</failure>
        </testcase>
      </testsuite>
      <testsuite name="222233334444" tests="3" failures="0" errors="1" skipped="1">
        <testcase classname="222233334444.eu-west-1.web" name="search">
          <system-out>up-to-date: search:7 -&gt; search:7
    connected 1 of 2</system-out>
        </testcase>
        <testcase classname="222233334444.us-east-1.web" name="later">
          <error type="max-changes" message="it would be changed, and one run changes 3 at most (MAX_CHANGES); the next run goes on">it would be changed, and one run changes 3 at most (MAX_CHANGES); the next run goes on</error>
        </testcase>
        <testcase classname="222233334444.us-east-1.web" name="old">
          <skipped message="it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false"/>
        </testcase>
      </testsuite>
      <testsuite name="444455556666 Search &amp; Co" tests="1" failures="1" errors="0" skipped="0">
        <testcase classname="444455556666" name="account 444455556666">
          <failure type="assume-role" message="could not assume the role FargateDeployMember">cause: could not assume the role FargateDeployMember
    hint: check that it exists</failure>
        </testcase>
      </testsuite>
      <testsuite name="555566667777 Old" tests="1" failures="0" errors="0" skipped="1">
        <testcase classname="555566667777" name="account 555566667777">
          <skipped message="the account is SUSPENDED"/>
        </testcase>
      </testsuite>
    </testsuites>
    "#);
}

/// Without its style sheet and its script, which are files of their own.
#[test]
fn html() {
    let text = write(&["report.html"], fixed()).text("report.html");
    let without = |text: String, from: &str, to: &str| {
        let (before, rest) = text.split_once(from).expect("its beginning");
        let (_, after) = rest.split_once(to).expect("its end");
        format!("{before}{from}…{to}{after}")
    };
    let text = without(without(text, "<style>", "</style>"), "<script>", "</script>");
    insta::assert_snapshot!(redacted(&text), @r##"
    <!DOCTYPE html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta http-equiv="Content-Security-Policy" content="default-src 'none'; script-src 'sha256-HASH'; style-src 'sha256-HASH'; base-uri 'none'; form-action 'none'">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <meta name="color-scheme" content="light dark">
    <meta name="referrer" content="no-referrer">
    <title>Defenders in Fargate, run RUN</title>
    <style>…</style>
    </head>
    <body>
    <a class="skip" href="#table">To the table of services</a>
    <header>
    <h1>Defenders in Fargate</h1>
    <p class="verdict bad"><span aria-hidden="true">✕</span> Not done: 2 services failed or not attempted, 1 place not seen.</p>
    <dl><div><dt>Run</dt><dd>RUN</dd></div><div><dt>Began</dt><dd>TIME</dd></div><div><dt>Took</dt><dd>DURATION</dd></div><div><dt>From</dt><dd>123456789012, us-east-1</dd></div><div><dt>Console</dt><dd>https://us-east1.cloud.twistlock.com/us-9-000000001</dd></div><div><dt>Today's Defender</dt><dd>34.03.138</dd></div><div><dt>Accounts in scope</dt><dd>4</dd></div><div><dt>Defenders connected</dt><dd>5 of 8 tasks</dd></div><div><dt>Calls to AWS</dt><dd>2,310, 4 of them throttled</dd></div><div><dt>Calls to the Console</dt><dd>61, none of them throttled</dd></div></dl>
    </header>
    <main>
    <section aria-labelledby="coverage"><h2 id="coverage">Coverage</h2>
    <div class="coverage">
    <p class="percent">62.5%<span>5 of 8 Fargate services in scope protected</span></p>
    <svg viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label="62.5% protected">
    <rect class="bar-none" width="1000" height="24"/>
    <rect class="bar-other" x="500" width="125" height="24"/>
    <rect class="bar-today" width="500" height="24"/></svg>
    <ul class="tiles"><li><button type="button" class="tile today" data-protection="protected">
    <b>4</b><span><i aria-hidden="true">✓</i> with today's Defender</span></button></li><li><button type="button" class="tile other" data-protection="other-defender">
    <b>1</b><span><i aria-hidden="true">◐</i> with another Defender</span></button></li><li><button type="button" class="tile none" data-protection="not-protected">
    <b>3</b><span><i aria-hidden="true">✕</i> not protected</span></button></li><li><button type="button" class="tile out" data-protection="out-of-scope">
    <b>1</b><span><i aria-hidden="true">–</i> not on Fargate, or gone</span></button></li></ul>
    <p class="outcomes">2 protected · 1 upgraded · 1 up to date · 3 skipped · 1 failed · 1 not attempted</p>
    </div></section>
    <section aria-labelledby="matrix"><h2 id="matrix">Accounts and Regions</h2>
    <p class="legend">Protected of those in scope.
    <span class="key today">✓ all, with today's Defender</span>
    <span class="key other">◐ some with another</span>
    <span class="key part">◔ some not protected</span>
    <span class="key none">✕ none protected</span>
    <span class="key out">– none in scope</span>
    <span class="key blind">? not all seen</span></p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="matrix">
    <table class="matrix"><thead><tr><th scope="col">Account</th><th scope="col">eu-west-1</th><th scope="col">us-east-1</th></tr></thead><tbody>
    <tr><th scope="row"><span class="name">Payments</span> <span class="id">111122223333</span></th><td><button type="button" class="cell today"
    data-account="111122223333" data-region="eu-west-1"
    aria-label="111122223333, eu-west-1: 1 of 1 protected, all with today's Defender; show them">✓ 1/1</button></td><td><button type="button" class="cell part"
    data-account="111122223333" data-region="us-east-1"
    aria-label="111122223333, us-east-1: 2 of 4 protected, some not protected; show them">◔ 2/4</button></td></tr>
    <tr><th scope="row"><span class="id">222233334444</span></th><td><button type="button" class="cell today"
    data-account="222233334444" data-region="eu-west-1"
    aria-label="222233334444, eu-west-1: 1 of 1 protected, all with today's Defender; show them">✓ 1/1</button></td><td><button type="button" class="cell part"
    data-account="222233334444" data-region="us-east-1"
    aria-label="222233334444, us-east-1: 1 of 2 protected, some not protected; show them">◔ 1/2</button></td></tr>
    <tr><th scope="row"><span class="name">Search &amp; Co</span> <span class="id">444455556666</span></th><td><span class="cell blind">? <small>not seen</small></span></td><td><span class="cell blind">? <small>not seen</small></span></td></tr>
    </tbody></table></div></section>
    <section aria-labelledby="versions"><h2 id="versions">Defender versions in use</h2>
    <table class="versions"><thead><tr>
    <th scope="col">Version</th><th scope="col">Services</th><th scope="col"><span class="hidden">Share</span></th></tr>
    </thead><tbody>
    <tr><th scope="row">34.03.138 <small>today's</small></th><td class="number">4</td><td><svg viewBox="0 0 1000 12"
    preserveAspectRatio="none" aria-hidden="true"><rect class="bar-today" width="1000" height="12"/></svg></td></tr>
    <tr><th scope="row">33.01.137</th><td class="number">1</td><td><svg viewBox="0 0 1000 12"
    preserveAspectRatio="none" aria-hidden="true"><rect class="bar-other" width="250" height="12"/></svg></td></tr>
    <tr><th scope="row">not known</th><td class="number">3</td><td><svg viewBox="0 0 1000 12"
    preserveAspectRatio="none" aria-hidden="true"><rect class="bar-out" width="750" height="12"/></svg></td></tr>
    </tbody></table></section>
    <section aria-labelledby="failures"><h2 id="failures">Failures (2)</h2>
    <ul class="failures scroll">
    <li><details><summary><b>account 444455556666</b> could not be walked <span class="stage">assume-role</span></summary><ul><li>could not assume the role FargateDeployMember</li></ul><p><b>Way out:</b> check that it exists</p></details></li>
    <li><details><summary><b>web/report</b>, Payments 111122223333, us-east-1 <span class="stage">entry-point</span></summary><ul><li>could not find the entry point of container report</li><li>it is nowhere</li></ul><p><b>Way out:</b> add the image&#39;s own entry point as `entryPoint` to the container in the task definition</p></details></li>
    </ul></section>
    <section aria-labelledby="skipped"><h2 id="skipped">Skipped, and why</h2>
    <div class="scroll"><table><thead><tr>
    <th scope="col">Services</th><th scope="col">Why, for example</th><th scope="col">What its owner can do</th></tr></thead>
    <tbody>
    <tr><td class="number">1</td><td>it runs on EC2, not on Fargate; other Defenders protect those hosts</td><td>nothing here: protect its hosts with the Defender for hosts, or move it to Fargate</td></tr>
    <tr><td class="number">1</td><td>it carries Defender 33.01.137, today&#39;s is 34.03.138, and UPGRADE is false</td><td>run with UPGRADE=true</td></tr>
    <tr><td class="number">1</td><td>its tasks run Windows, for which the vendor has no App-Embedded Defender</td><td>nothing: there is no Defender for it</td></tr>
    </tbody></table></div></section>
    <section aria-labelledby="not-walked"><details><summary><h2 id="not-walked">Not walked, and why (2)</h2></summary>
    <ul class="plain">
    <li>account 111122223333, ap-southeast-1: a service control policy of the organization denies the Region</li>
    <li>account 555566667777: the account is SUSPENDED</li>
    </ul></details></section>
    <section aria-labelledby="network"><details><summary><h2 id="network">Networks (1)</h2></summary>
    <ul class="plain">
    <li>opened in 111122223333 us-east-1 vpc-0123456789abcdef0: sg-0a1b2c3d: TCP 443 out to 0.0.0.0/0 (sgr-0123456789abcdef0), for web/orders of 111122223333</li>
    </ul></details></section>
    <section aria-labelledby="warnings"><details><summary><h2 id="warnings">Warnings (2)</h2></summary>
    <ul class="plain">
    <li>the Console&#39;s certificate is about to end</li>
    <li>2 services not verified: one run verifies 3 at most</li>
    </ul></details></section>
    <section aria-labelledby="table"><h2 id="table" tabindex="-1">Services</h2>
    <noscript><p>The table needs JavaScript, which this page has within it; the CSV report has the same rows.</p></noscript>
    <form id="filters" role="search">
    <label>Search <input type="search" id="search" autocomplete="off" placeholder="service, account, reason, task definition"></label>
    <label>State <select id="state"><option value="">every state</option><option value="protected">protected</option><option value="other-defender">another Defender</option><option value="not-protected">not protected</option><option value="out-of-scope">not on Fargate</option></select></label>
    <label>Outcome <select id="outcome"><option value="">every outcome</option><option value="protected">protected</option><option value="upgraded">upgraded</option><option value="up-to-date">up to date</option><option value="skipped">skipped</option><option value="failed">failed</option><option value="not-attempted">not attempted</option></select></label>
    <button type="button" id="clear" hidden>Show all</button></form>
    <p id="found" role="status"></p>
    <div class="scroll" tabindex="0" role="region" aria-labelledby="table">
    <table class="services"><thead><tr><th scope="col" aria-sort="none"><button type="button">State<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Service<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Account<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Region<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Outcome<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Why<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Task definition<i aria-hidden="true"></i></button></th><th scope="col" aria-sort="none"><button type="button">Defender<i aria-hidden="true"></i></button></th></tr></thead><tbody id="rows"></tbody></table></div>
    <nav id="pages" aria-label="Pages of the table" hidden><button type="button" id="back">Back</button>
    <span id="page"></span> <button type="button" id="next">Next</button></nav></section>
    </main>
    <footer><p>Written by fargate-updater 0.1.0. This page loads nothing and sends nothing.</p></footer>
    <script type="application/json" id="services">[
    ["protected","web/checkout","111122223333","Payments","eu-west-1","protected",[],"","orders:1","orders:2","none","34.03.138","done","connected 3 of 3"],
    ["not-protected","web/desktop","111122223333","Payments","us-east-1","skipped",["its tasks run Windows, for which the vendor has no App-Embedded Defender"],"nothing: there is no Defender for it","orders:1","orders:1","","","",""],
    ["protected","web/import","111122223333","Payments","us-east-1","upgraded",["it carries Defender 33.01.137, today's is 34.03.138"],"","orders:4","orders:5","33.01.137","34.03.138","in progress",""],
    ["protected","web/orders","111122223333","Payments","us-east-1","protected",["WAAS_PORT 9000 was added nowhere: no container has port mappings","its deployment settings stop every task before a new one is there (minimumHealthyPercent 0, maximumPercent 100)","connected 1 of 3, unknown 2: tasks that started just now may be about to connect"],"","orders:1","orders:2","none","34.03.138","done",""],
    ["out-of-scope","web/render","111122223333","Payments","us-east-1","skipped",["it runs on EC2, not on Fargate; other Defenders protect those hosts"],"nothing here: protect its hosts with the Defender for hosts, or move it to Fargate","orders:1","orders:1","","","",""],
    ["not-protected","web/report","111122223333","Payments","us-east-1","failed",["could not find the entry point of container report","it is nowhere"],"add the image's own entry point as `entryPoint` to the container in the task definition","orders:1","","","","",""],
    ["protected","web/search","222233334444","","eu-west-1","up-to-date",["connected 1 of 2"],"a Defender may need longer; if none appears, see whether those tasks reach the address that their Defenders connect to (their network), and whether its name is in the Console's certificate (PCC_SAN)","search:7","search:7","34.03.138","34.03.138","","connected 1 of 2"],
    ["not-protected","web/later","222233334444","","us-east-1","not-attempted",["it would be changed, and one run changes 3 at most (MAX_CHANGES); the next run goes on"],"","orders:1","orders:1","","","",""],
    ["other-defender","web/old","222233334444","","us-east-1","skipped",["it carries Defender 33.01.137, today's is 34.03.138, and UPGRADE is false"],"run with UPGRADE=true","orders:1","orders:1","33.01.137","33.01.137","",""]
    ]</script>
    <script>…</script>
    </body>
    </html>
    "##);
}

#[test]
fn a_run_that_walked_nothing_leaves_an_earlier_report_as_it_is() {
    let events = fixed().into_iter().take(1);
    let directory = tempfile::tempdir().expect("a temporary directory");
    let path = directory.path().join("report.json");
    std::fs::write(&path, "the last one").expect("a file can be written");
    let mut files = fargate_updater::report::files::Files::new(
        crate::run::destinations(directory.path(), &["report.json"]),
        directory.path(),
    );
    events.for_each(|event| files.add(&event));
    assert!(files.finish().failed.is_empty());
    assert_eq!(std::fs::read_to_string(path).expect("it is there"), "the last one");
}

#[test]
fn a_report_that_cannot_be_written_is_told_and_the_others_are_there() {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let destinations = crate::run::destinations(directory.path(), &["gone/report.csv", "report.json"]);
    let mut files = fargate_updater::report::files::Files::new(destinations, directory.path());
    // The first one's directory would hold the services meanwhile.
    fixed().iter().for_each(|event| files.add(event));
    let failed = files.finish().failed;
    assert_eq!(failed.len(), 2, "{failed:?}");
    assert!(!directory.path().join("report.json").exists(), "half of it is no report");
}
