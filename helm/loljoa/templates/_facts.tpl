{{/* What is fixed about each service: it follows from the program, not from anybody's wishes. */}}

{{- define "loljoa.facts" -}}
account: { port: 50051, protocol: grpc, database: true, calls: [] }
league-schedule: { port: 50051, protocol: grpc, database: true, calls: [account] }
betting: { port: 50051, protocol: grpc, database: true, calls: [account, league-schedule] }
gateway: { port: 8080, protocol: http, database: false, calls: [account, league-schedule, betting] }
web: { port: 8080, protocol: http, database: false, calls: [] }
{{- end }}

{{/* Who may call which gRPC service of whom, and why; all of its methods where none are named. Nobody else may. Besides, whoever calls a
service may ask whether it lives. */}}
{{- define "loljoa.calls" -}}
account:
  - { service: loljoa.account.v1.LedgerService, caller: betting, why: Betting takes stakes and pays. }
  - { service: loljoa.account.v1.AccountService, caller: gateway, why: The gateway serves users. }
  - { service: loljoa.account.v1.AccountAdminService, caller: gateway, why: The gateway serves admins. }
  - service: loljoa.account.v1.AccountService
    methods: [GetJwks, ListRevocations]
    caller: betting
    why: Betting checks admins' tokens.
  - service: loljoa.account.v1.AccountService
    methods: [GetJwks, ListRevocations]
    caller: league-schedule
    why: League-schedule checks admins' tokens.
  - { service: loljoa.admin.v1.AdminLogService, caller: gateway, why: The gateway shows what admins did. }
  - { service: loljoa.ops.v1.OpsService, caller: gateway, why: The gateway runs experiments. }
league-schedule:
  - { service: loljoa.league_schedule.v1.LeagueFeedService, caller: betting, why: Betting follows matches. }
  - { service: loljoa.league_schedule.v1.LeagueService, caller: gateway, why: The gateway serves users. }
  - { service: loljoa.league_schedule.v1.LeagueAdminService, caller: gateway, why: The gateway serves admins. }
  - { service: loljoa.admin.v1.AdminLogService, caller: gateway, why: The gateway shows what admins did. }
  - { service: loljoa.ops.v1.OpsService, caller: gateway, why: The gateway runs experiments. }
betting:
  - { service: loljoa.betting.v1.BettingService, caller: gateway, why: The gateway serves users. }
  - { service: loljoa.betting.v1.MarketAdminService, caller: gateway, why: The gateway serves admins. }
  - { service: loljoa.admin.v1.AdminLogService, caller: gateway, why: The gateway shows what admins did. }
  - { service: loljoa.ops.v1.OpsService, caller: gateway, why: The gateway runs experiments. }
{{- end }}

{{/* loljoa.callers: which parts of the release call a service. Takes (list $ "service"); gives {"list": […]}. */}}
{{- define "loljoa.callers" -}}
{{- $root := index . 0 -}}
{{- $service := index . 1 -}}
{{- $callers := list -}}
{{- range $caller, $facts := include "loljoa.facts" $root | fromYaml -}}
  {{- if has $service $facts.calls }}{{ $callers = append $callers $caller }}{{ end -}}
{{- end -}}
{{- if eq $service "gateway" }}{{ $callers = concat $callers (list "season" "demo" "calendar" "test") }}{{ end -}}
{{- if eq $service "web" }}{{ $callers = append $callers "test" }}{{ end -}}
{{- dict "list" $callers | toYaml -}}
{{- end }}

{{/* loljoa.wishes: a service's values over the defaults. Takes (list $ "service"). */}}
{{- define "loljoa.wishes" -}}
{{- $root := index . 0 -}}
{{- mergeOverwrite (deepCopy $root.Values.defaults) (deepCopy (index $root.Values (index . 1))) | toYaml -}}
{{- end }}

{{/* loljoa.isHttps: whether users come over HTTPS, wherever it ends. */}}
{{- define "loljoa.isHttps" -}}
{{- if ne .Values.ingress.tls.mode "none" }}true{{ end -}}
{{- end }}

{{/* loljoa.isTlsAtGateway: whether it ends at Istio's ingress gateway. */}}
{{- define "loljoa.isTlsAtGateway" -}}
{{- if not (has .Values.ingress.tls.mode (list "none" "load-balancer")) }}true{{ end -}}
{{- end }}

{{/* loljoa.hstsSeconds: a year where the certificate is one that browsers believe, unless something else is wished. */}}
{{- define "loljoa.hstsSeconds" -}}
{{- $ingress := .Values.ingress -}}
{{- $isBelieved := or (has $ingress.tls.mode (list "secret" "load-balancer")) (and (eq $ingress.tls.mode "cert-manager") $ingress.tls.certManager.issuer) -}}
{{- if ne (toString $ingress.hstsSeconds) "auto" -}}
{{- int $ingress.hstsSeconds -}}
{{- else if and $ingress.host $isBelieved -}}
31536000
{{- else -}}
0
{{- end -}}
{{- end }}

{{/* loljoa.canary: the parts that have a canary: betting, and the gateway of those who ask for it by header. Gives {"list": […]}. */}}
{{- define "loljoa.canary" -}}
{{- $canary := .Values.mesh.canary -}}
{{- $parts := list -}}
{{- if $canary.enabled }}{{ $parts = append $parts "betting" }}{{ end -}}
{{- if and $canary.enabled $canary.header.name }}{{ $parts = append $parts "gateway" }}{{ end -}}
{{- dict "list" $parts | toYaml -}}
{{- end }}

{{/* loljoa.budgetMs: the longest that a service takes to stop: what it is configured to, and what closing takes after it. */}}
{{- define "loljoa.budgetMs" -}}
{{- add (mul 1000 .Values.drain.delaySeconds) (mul 1000 .Values.drain.graceSeconds) 10000 -}}
{{- end }}
