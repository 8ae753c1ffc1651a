package cluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"strings"
	"testing"
	"time"

	"loljoa/tests/cluster/reach"
)

// aside has a story told in a namespace and under a host of its own, which both go when it is told.
func aside(t *testing.T, suffix string) {
	t.Helper()
	beforeNamespace, beforeHost := namespace, host
	namespace, host = namespace+"-"+suffix, suffix+"."+host
	kubectl(t, "create", "namespace", namespace)
	t.Cleanup(func() {
		_, _ = run("", "helm", "uninstall", release, "--namespace", namespace, "--ignore-not-found")
		kubectl(t, "delete", "namespace", namespace, "--timeout=3m")
		namespace, host = beforeNamespace, beforeHost
	})
}

// authority is a CA for the time of a story.
type authority struct {
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, name string) authority {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wish := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour),
		NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	made, err := x509.CreateCertificate(rand.Reader, wish, wish, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	certificate, err := x509.ParseCertificate(made)
	if err != nil {
		t.Fatal(err)
	}
	return authority{certificate, key}
}

// pem is its certificate.
func (a authority) pem() string { return encode("CERTIFICATE", a.certificate.Raw) }

// sign gives a server's certificate and key.
func (a authority) sign(t *testing.T, name string) (certificate, private string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	wish := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	made, err := x509.CreateCertificate(rand.Reader, wish, a.certificate, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	bytes, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return encode("CERTIFICATE", made), encode("PRIVATE KEY", bytes)
}

func encode(kind string, bytes []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes}))
}

// elsewhere is a PostgreSQL that is none of the release's, in a namespace of its own: three roles, three databases, TLS.
type elsewhere struct {
	host, address, password string
}

var stores = []string{"account", "league-schedule", "betting"}

func startElsewhere(t *testing.T, by authority) elsewhere {
	t.Helper()
	away := namespace + "-db"
	kubectl(t, "create", "namespace", away)
	t.Cleanup(func() { kubectl(t, "delete", "namespace", away, "--wait=false") })
	there := elsewhere{host: "postgres." + away + ".svc", password: reach.UUID()}
	certificate, key := by.sign(t, there.host)
	var roles strings.Builder
	for _, store := range stores {
		role := strings.ReplaceAll(store, "-", "_")
		fmt.Fprintf(&roles, "CREATE ROLE %s LOGIN PASSWORD '%s'; CREATE DATABASE %s OWNER %s; ", role, there.password, role, role)
	}
	objects := fmt.Sprintf(postgresElsewhere, indented(certificate), indented(key), there.password, roles.String())
	if output, err := run(objects, "kubectl", "-n", away, "apply", "-f", "-"); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	kubectl(t, "-n", away, "wait", "--for=condition=Ready", "pod/postgres", "--timeout=3m")
	there.address = kubectl(t, "-n", away, "get", "pod", "postgres", "-o", "jsonpath={.status.podIP}")
	return there
}

func indented(text string) string { return strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n    ") }

// url is where a service's database is, with TLS verified by the CA that lies in the Secret.
func (e elsewhere) url(store string) string {
	role := strings.ReplaceAll(store, "-", "_")
	return fmt.Sprintf("postgres://%s:%s@%s:5432/%s?sslrootcert=/run/secrets/loljoa/database-%s/ca.crt", role, e.password, e.host, role, store)
}

const postgresElsewhere = `
apiVersion: v1
kind: Secret
metadata: { name: postgres }
stringData:
  tls.crt: |
    %s
  tls.key: |
    %s
  password: %s
  init.sql: "%s"
---
apiVersion: v1
kind: Service
metadata: { name: postgres }
spec: { selector: { app: postgres }, ports: [{ port: 5432 }] }
---
apiVersion: v1
kind: Pod
metadata: { name: postgres, labels: { app: postgres, sidecar.istio.io/inject: "false" } }
spec:
  terminationGracePeriodSeconds: 1
  securityContext: { runAsNonRoot: true, runAsUser: 999, runAsGroup: 999, fsGroup: 999, seccompProfile: { type: RuntimeDefault } }
  containers:
    - name: postgres
      image: docker.io/library/postgres:15
      imagePullPolicy: IfNotPresent
      args: [-cssl=on, -cssl_cert_file=/tls/tls.crt, -cssl_key_file=/tls/tls.key, -cmax_connections=300]
      env: [{ name: POSTGRES_PASSWORD_FILE, value: /tls/password }, { name: PGDATA, value: /var/lib/postgresql/data/pgdata }]
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: [ALL] } }
      readinessProbe: { exec: { command: [pg_isready, -q, -h, 127.0.0.1, -U, postgres] }, periodSeconds: 1 }
      volumeMounts:
        - { name: tls, mountPath: /tls, readOnly: true }
        - { name: init, mountPath: /docker-entrypoint-initdb.d, readOnly: true }
        - { name: data, mountPath: /var/lib/postgresql/data }
  volumes:
    - { name: tls, secret: { secretName: postgres, defaultMode: 0440 } }
    - { name: init, secret: { secretName: postgres, defaultMode: 0444, items: [{ key: init.sql, path: init.sql }] } }
    - { name: data, emptyDir: {} }
`
