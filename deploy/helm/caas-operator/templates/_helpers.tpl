{{- define "caas-operator.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "caas-operator.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 50 | trimSuffix "-" -}}
{{- else if contains (include "caas-operator.name" .) .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "caas-operator.name" .) | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "caas-operator.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "caas-operator.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "caas-operator.selector" -}}
app.kubernetes.io/name: {{ include "caas-operator.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "caas-operator.labels" -}}
{{- include "caas-operator.selector" . }}
app.kubernetes.io/part-of: caas-operator
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "caas-operator.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}
{{- printf "%s@%s" .repository .digest -}}
{{- else -}}
{{- printf "%s:%s" .repository (default $.Chart.AppVersion .tag) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What the schema cannot say, since it spans values. */}}
{{- define "caas-operator.check" -}}
{{- with .Values -}}
{{- if and .watchNamespaces (not .clusterId) -}}
{{- fail "clusterId is needed with watchNamespaces: the default, the uid of kube-system, may not be read in that mode" -}}
{{- end -}}
{{- if and .watchNamespaces .tenantNamespaces -}}
{{- fail "tenantNamespaces says nothing beside watchNamespaces, which already limits every right: set one of the two" -}}
{{- end -}}
{{- if and (gt (int .replicas) 1) (not .leaderElection.enabled) -}}
{{- fail "replicas must be 1 where leaderElection.enabled is false: two operators at once could create twice" -}}
{{- end -}}
{{- range .accounts -}}
{{- $cluster := eq (default "ClusterCloudAccount" .kind) "ClusterCloudAccount" -}}
{{- if and $cluster $.Values.watchNamespaces -}}
{{- fail (printf "accounts: %s is a ClusterCloudAccount, which is not served with watchNamespaces; make it a CloudAccount" .name) -}}
{{- end -}}
{{- if and $cluster .namespace -}}
{{- fail (printf "accounts: %s is a ClusterCloudAccount and has no namespace" .name) -}}
{{- end -}}
{{- if not (or $cluster .namespace) -}}
{{- fail (printf "accounts: the CloudAccount %s needs a namespace" .name) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The operator's flags, one a line. */}}
{{- define "caas-operator.args" -}}
- --health-address={{ .Values.listenHost }}:{{ .Values.ports.health }}
{{- if .Values.metrics.enabled }}
- --metrics-address={{ .Values.listenHost }}:{{ .Values.ports.metrics }}
{{- end }}
{{- with .Values.watchNamespaces }}
- --namespaces={{ join "," . }}
{{- end }}
{{- with .Values.clusterId }}
- {{ printf "--cluster-id=%s" . | quote }}
{{- end }}
{{- with .Values.leaderElection }}
- --leader-elect={{ .enabled }}
{{- if .enabled }}
- --lease-name={{ .leaseName }}
- --lease-duration-seconds={{ .durationSeconds }}
- --lease-renew-deadline-seconds={{ .renewDeadlineSeconds }}
- --lease-retry-seconds={{ .retrySeconds }}
{{- end }}
{{- end }}
{{- range $name, $value := .Values.settings }}
{{- if kindIs "slice" $value }}
{{- with $value }}
- --{{ kebabcase $name }}={{ join "," . }}
{{- end }}
{{- else if not (kindIs "invalid" $value) }}
- --{{ kebabcase $name }}={{ $value }}
{{- end }}
{{- end }}
{{- range .Values.extraArgs }}
- {{ . | quote }}
{{- end }}
{{- end -}}
