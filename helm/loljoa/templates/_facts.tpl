{{/* What is fixed about each service: it follows from the program, not from anybody's wishes. */}}

{{- define "loljoa.facts" -}}
account: { port: 50051, protocol: grpc, database: true, calls: [] }
league-schedule: { port: 50051, protocol: grpc, database: true, calls: [account] }
betting: { port: 50051, protocol: grpc, database: true, calls: [account, league-schedule] }
gateway: { port: 8080, protocol: http, database: false, calls: [account, league-schedule, betting] }
web: { port: 8080, protocol: http, database: false, calls: [] }
{{- end }}

{{/* loljoa.wishes: a service's values over the defaults. Takes (list $ "service"). */}}
{{- define "loljoa.wishes" -}}
{{- $root := index . 0 -}}
{{- mergeOverwrite (deepCopy $root.Values.defaults) (deepCopy (index $root.Values (index . 1))) | toYaml -}}
{{- end }}

{{/* Who may call which gRPC service of whom, and why; all of its methods where none are named. Nobody else may. */}}
{{- define "loljoa.calls" -}}
account:
  - { service: loljoa.account.v1.LedgerService, caller: betting, why: Betting takes stakes and pays. }
  - { service: loljoa.account.v1.AccountService, caller: gateway, why: The gateway serves users. }
  - { service: loljoa.account.v1.AccountAdminService, caller: gateway, why: The gateway serves admins. }
  - { service: loljoa.account.v1.AccountService, methods: [GetJwks], caller: betting, why: Betting checks admins' tokens. }
  - { service: loljoa.account.v1.AccountService, methods: [GetJwks], caller: league-schedule, why: League-schedule checks admins' tokens. }
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
