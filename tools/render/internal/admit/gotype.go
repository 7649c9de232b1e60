package admit

import (
	"encoding/json"
	"reflect"
	"strings"
	"sync"
)

// jsonFields caches, per struct type, the types of its fields by JSON name. API types never change at run time.
var jsonFields sync.Map // reflect.Type -> map[string]reflect.Type

// fieldsOf returns the fields of an API struct by JSON name, inlined structs dissolved.
func fieldsOf(t reflect.Type) map[string]reflect.Type {
	if cached, ok := jsonFields.Load(t); ok {
		return cached.(map[string]reflect.Type)
	}
	fields := make(map[string]reflect.Type, t.NumField())
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case name == "-" || !f.IsExported():
		case name == "" && (f.Anonymous || strings.Contains(options, "inline")):
			for inner, innerType := range fieldsOf(deref(f.Type)) {
				fields[inner] = innerType
			}
		case name == "":
			fields[f.Name] = f.Type
		default:
			fields[name] = f.Type
		}
	}
	cached, _ := jsonFields.LoadOrStore(t, fields)
	return cached.(map[string]reflect.Type)
}

// deref returns the type that t points to, through any number of pointers.
func deref(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return t
}

// element returns the type found below t by walking through pointers and lists.
func element(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	return t
}

var unmarshaler = reflect.TypeFor[json.Unmarshaler]()

// decodesItself reports whether t has a JSON form of its own, as quantities, times and int-or-strings have.
func decodesItself(t reflect.Type) bool {
	return t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler)
}
