{{/* A Role or ClusterRole; takes kind, name, namespace, labels, rules. */}}
{{- define "caas-operator.role" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ .kind }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- .labels | nindent 4 }}
rules: {{- .rules | nindent 2 }}
{{- end }}

{{/* Binds a role to the operator, in a namespace or in the cluster; takes role (its kind), name, namespace, labels, account. */}}
{{- define "caas-operator.binding" }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ if .namespace }}RoleBinding{{ else }}ClusterRoleBinding{{ end }}
metadata:
  name: {{ .name }}
  {{- with .namespace }}
  namespace: {{ . }}
  {{- end }}
  labels: {{- .labels | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ .role }}
  name: {{ .name }}
subjects:
  - kind: ServiceAccount
    name: {{ .account.name }}
    namespace: {{ .account.namespace }}
{{- end }}

{{/* Our kinds; takes a list of those that are served beside the namespaced ones. */}}
{{- define "caas-operator.rules.objects" -}}
{{- $kinds := concat (list "caascontainers" "inferencedeployments" "sandboxcontainers" "cloudaccounts") . -}}
# patch is for finalizer and annotation; spec is never written. get is for a second look after a conflict.
- apiGroups: [caas-operator.dev]
  resources: [{{ join ", " $kinds }}]
  verbs: [get, list, watch, patch]
- apiGroups: [caas-operator.dev]
  resources:
    {{- range $kinds }}
    - {{ . }}/status
    {{- end }}
  verbs: [patch]
# For ttlSecondsAfterFinished.
- apiGroups: [caas-operator.dev]
  resources: [sandboxcontainers]
  verbs: [delete]
{{- end }}

{{/* What specs refer to. */}}
{{- define "caas-operator.rules.references" -}}
# By name, as specs name them: no list, no watch.
- apiGroups: [""]
  resources: [secrets, configmaps]
  verbs: [get]
{{- if .Values.exportTo.enabled }}
- apiGroups: [""]
  resources: [configmaps]
  verbs: [create, update]
{{- end }}
{{- end }}

{{- define "caas-operator.rules.events" -}}
- apiGroups: [""]
  resources: [events]
  verbs: [create, patch]
{{- end }}

{{- define "caas-operator.rules.cluster" -}}
# The uid of kube-system; labels, where an account selects namespaces by them.
- apiGroups: [""]
  resources: [namespaces]
  verbs: [get]
# To notice that our own come or change.
- apiGroups: [apiextensions.k8s.io]
  resources: [customresourcedefinitions]
  verbs: [list, watch]
{{- end }}

{{/* Beside the operator. A create cannot be limited to a name. */}}
{{- define "caas-operator.rules.own" -}}
# The key for fingerprints of values that a cloud does not show again.
- apiGroups: [""]
  resources: [secrets]
  resourceNames: [caas-operator-hmac]
  verbs: [get]
- apiGroups: [""]
  resources: [secrets]
  verbs: [create]
{{- if .Values.leaderElection.enabled }}
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  resourceNames: [{{ .Values.leaderElection.leaseName }}]
  verbs: [get, update]
- apiGroups: [coordination.k8s.io]
  resources: [leases]
  verbs: [create]
{{- end }}
{{- end }}
