(define-module (guix derivations)
  #:use-module (ice-9 rdelim)
  #:export (derivation derivation-file-name derivation-system substitutable-derivation?
            read-derivation))

(define (derivation file system substitutable?) (list file system substitutable?))
(define (derivation-file-name derivation) (list-ref derivation 0))
(define (derivation-system derivation) (list-ref derivation 1))
(define (substitutable-derivation? derivation) (list-ref derivation 2))

(define (read-derivation port)
  (let ((text (read-string port)))
    (unless (string-prefix? "Derive([(\"out\"," text)
      (error "no derivation" text))
    (derivation (port-filename port) "stand-in"
                (not (string-contains text "(\"allowSubstitutes\",\"0\")")))))
