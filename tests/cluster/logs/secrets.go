package logs

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// Shorter ones could be anything.
const shortest = 8

// Of a Secret's data, what is no secret: names, addresses, and certificates, which everybody is shown.
var public = map[string]bool{"username": true, "user": true, "host": true, "port": true, "dbname": true, "ca.crt": true, "tls.crt": true}

// Secrets are what no log may have. Its methods may be called from everywhere.
type Secrets struct {
	lock sync.Mutex
	// What each is, by what it is made of.
	known map[string]string
}

// Found is a secret in a log.
type Found struct{ What, File, Line string }

// Add adds one. Of a token also its last part, which is all that it is worth; of a key or a certificate's key one line; of a URL its password.
func (s *Secrets) Add(what, value string) {
	value = strings.TrimSpace(value)
	if parsed, err := url.Parse(value); err == nil && parsed.User != nil {
		if password, isThere := parsed.User.Password(); isThere {
			s.add(what+"'s password", password)
		}
	}
	if parts := strings.Split(value, "."); len(parts) == 3 && strings.HasPrefix(value, "eyJ") {
		s.add(what+"'s signature", parts[2])
	}
	if lines := strings.Split(value, "\n"); len(lines) > 2 {
		value = lines[len(lines)/2]
	}
	s.add(what, value)
}

func (s *Secrets) add(what, value string) {
	if len(value) < shortest {
		return
	}
	s.lock.Lock()
	defer s.lock.Unlock()
	if s.known == nil {
		s.known = map[string]string{}
	}
	s.known[value] = what
}

func (s *Secrets) addObject(seen secret) {
	// Helm keeps the chart and its values there, compressed: whatever of it is secret has a Secret of its own.
	if seen.Type == "helm.sh/release.v1" {
		return
	}
	for key, value := range seen.Data {
		if !public[key] {
			s.Add(fmt.Sprintf("%s of Secret %s", key, seen.Metadata.Name), string(value))
		}
	}
}

// Count is how many there are.
func (s *Secrets) Count() int {
	s.lock.Lock()
	defer s.lock.Unlock()
	return len(s.known)
}

// AddAll adds those of another.
func (s *Secrets) AddAll(other *Secrets) {
	other.lock.Lock()
	defer other.lock.Unlock()
	for value, what := range other.known {
		s.add(what, value)
	}
}

// Secrets are those of the namespaces that are read, with the others that somebody knows.
func (f *Follower) Secrets(others *Secrets) *Secrets {
	all := &Secrets{}
	all.AddAll(&f.secrets)
	all.AddAll(others)
	return all
}

// Look looks for each secret in each file of the folder: as it is, in base64, and in hexadecimal digits.
func (s *Secrets) Look(folder string) (found []Found, bytesRead int, err error) {
	files, err := filepath.Glob(filepath.Join(folder, "*.log"))
	if err != nil {
		return nil, 0, err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return nil, 0, err
		}
		bytesRead += len(text)
		for value, what := range s.known {
			for _, form := range forms(value) {
				if at := bytes.Index(text, form); at >= 0 {
					found = append(found, Found{what, filepath.Base(file), line(text, at)})
					break
				}
			}
		}
	}
	return found, bytesRead, nil
}

func forms(value string) [][]byte {
	encoded := base64.RawStdEncoding.EncodeToString([]byte(value))
	return [][]byte{[]byte(value), []byte(encoded), []byte(hex.EncodeToString([]byte(value)))}
}

func line(text []byte, at int) string {
	start := bytes.LastIndexByte(text[:at], '\n') + 1
	whole, _, _ := bytes.Cut(text[start:], []byte("\n"))
	return string(whole[:min(len(whole), 2_000)])
}
